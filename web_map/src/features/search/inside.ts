import type { LonLat } from '../../api/types'

type Ring = readonly (readonly number[])[]

/** Where the ring crosses a parallel, degrees of longitude. */
function crossings(ring: Ring, lat: number): number[] {
  return ring.slice(1).flatMap((end, index) => {
    const [x1, y1] = ring[index] ?? []
    const [x2, y2] = end
    if (x1 === undefined || y1 === undefined || x2 === undefined || y2 === undefined) return []
    return y1 > lat === y2 > lat ? [] : [x1 + ((lat - y1) / (y2 - y1)) * (x2 - x1)]
  })
}

/** The widest stretch of the middle parallel that lies in the polygon: its width and its middle. */
function widest(polygon: readonly Ring[]): { width: number; place: LonLat } | null {
  const lats = (polygon[0] ?? []).map(([, lat]) => lat ?? 0)
  // Off the exact middle, so that a corner there does not count twice.
  const lat = Math.min(...lats) + (Math.max(...lats) - Math.min(...lats)) * 0.500001
  const cuts = polygon.flatMap((ring) => crossings(ring, lat)).sort((a, b) => a - b)
  let best: { width: number; place: LonLat } | null = null
  for (let index = 0; index + 1 < cuts.length; index += 2) {
    const [from, to] = [cuts[index] ?? 0, cuts[index + 1] ?? 0]
    if (!best || to - from > best.width) best = { width: to - from, place: { lon: (from + to) / 2, lat } }
  }
  return best
}

/** A place that lies in (or on) a geometry; null for a kind that the layers do not have. */
export function inside(geometry: GeoJSON.Geometry): LonLat | null {
  if (geometry.type === 'Point') return at(geometry.coordinates)
  if (geometry.type === 'MultiPoint' || geometry.type === 'LineString') return at(geometry.coordinates[0])
  if (geometry.type === 'MultiLineString') return at(geometry.coordinates[0]?.[0])
  if (geometry.type === 'Polygon') return widest(geometry.coordinates)?.place ?? null
  if (geometry.type !== 'MultiPolygon') return null
  const parts = geometry.coordinates.flatMap((polygon) => widest(polygon) ?? [])
  return parts.sort((a, b) => b.width - a.width)[0]?.place ?? null
}

function at(position: readonly number[] | undefined): LonLat | null {
  const [lon, lat] = position ?? []
  return lon === undefined || lat === undefined ? null : { lon, lat }
}
