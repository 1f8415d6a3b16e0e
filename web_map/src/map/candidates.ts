import type { LonLat } from '../api/types'
import type { ExpressionSpecification, FilterSpecification, LayerSpecification } from './engine'
import { ACCENT } from './highlight'

/** A ward that was considered for a place, with its ground. */
export interface Ground {
  geometry: GeoJSON.Geometry
  label: string
  chosen: boolean
}

const OTHER = '#9a4a00'
const METRES_A_DEGREE = 111_320
/** Labels keep this far from the place, so that two wards across one border do not share a spot. */
const LEAST_M = 25
const MOST_M = 400

type Position = readonly number[]

function rings(geometry: GeoJSON.Geometry): Position[][] {
  if (geometry.type === 'Polygon') return geometry.coordinates
  return geometry.type === 'MultiPolygon' ? geometry.coordinates.flat() : []
}

/** The point of an area's border next to a place; null where the geometry is no area. Flat within a few kilometres. */
export function nearestOnBorder(geometry: GeoJSON.Geometry, { lon, lat }: LonLat): LonLat | null {
  const shrink = Math.cos((lat * Math.PI) / 180)
  let best: { far: number; x: number; y: number } | null = null
  for (const ring of rings(geometry)) {
    for (let index = 0; index + 1 < ring.length; index += 1) {
      const [x1, y1] = local(ring[index])
      const [x2, y2] = local(ring[index + 1])
      const [dx, dy] = [x2 - x1, y2 - y1]
      const along = -(x1 * dx + y1 * dy) / (dx * dx + dy * dy || 1)
      const part = Math.min(1, Math.max(0, along))
      const [x, y] = [x1 + part * dx, y1 + part * dy]
      const far = Math.hypot(x, y)
      if (!best || far < best.far) best = { far, x, y }
    }
  }
  return best && { lon: lon + best.x / shrink, lat: lat + best.y }

  function local(position: Position | undefined): [number, number] {
    return [((position?.[0] ?? 0) - lon) * shrink, (position?.[1] ?? 0) - lat]
  }
}

/** Whether a place lies in an area (even-odd, holes left out). */
export function contains(geometry: GeoJSON.Geometry, { lon, lat }: LonLat): boolean {
  let within = false
  for (const ring of rings(geometry)) {
    for (let index = 0; index + 1 < ring.length; index += 1) {
      const [x1 = 0, y1 = 0] = ring[index] ?? []
      const [x2 = 0, y2 = 0] = ring[index + 1] ?? []
      if (y1 > lat !== y2 > lat && lon < x1 + ((lat - y1) / (y2 - y1)) * (x2 - x1)) within = !within
    }
  }
  return within
}

const WAYS = 16

/** Where the name of a ward stands: in the ward, near the place and well away from its border. */
export function labelPlace(geometry: GeoJSON.Geometry, place: LonLat, border: LonLat): LonLat {
  const shrink = Math.cos((place.lat * Math.PI) / 180)
  const between = (one: LonLat, other: LonLat): number => Math.hypot((one.lon - other.lon) * shrink, one.lat - other.lat)
  const from = contains(geometry, place) ? place : border
  const step = Math.min(MOST_M, Math.max(LEAST_M, between(place, border) * METRES_A_DEGREE)) / METRES_A_DEGREE
  // On the border itself no direction is given, so that all around are tried.
  const tried = Array.from({ length: WAYS }, (_, way): LonLat => {
    const angle = (2 * Math.PI * way) / WAYS
    return { lon: from.lon + (Math.sin(angle) * step) / shrink, lat: from.lat + Math.cos(angle) * step }
  })
  const depth = (at: LonLat): number => (contains(geometry, at) ? between(at, nearestOnBorder(geometry, at) ?? at) : -1)
  return tried.map((at) => ({ at, deep: depth(at) })).reduce((best, next) => (next.deep > best.deep ? next : best)).at
}

/** What the map draws of the candidates: areas, the shortest way to each border, and names with distances. */
export function candidateFeatures(place: LonLat, grounds: readonly Ground[]): GeoJSON.FeatureCollection {
  const features = grounds.flatMap(({ geometry, label, chosen }): GeoJSON.Feature[] => {
    const border = nearestOnBorder(geometry, place)
    const as = (part: Part): GeoJSON.GeoJsonProperties => ({ part, label, chosen })
    if (!border) return []
    const { lon, lat } = labelPlace(geometry, place, border)
    const way = [[place.lon, place.lat], [border.lon, border.lat]]
    return [
      { type: 'Feature', properties: as('area'), geometry },
      { type: 'Feature', properties: as('way'), geometry: { type: 'LineString', coordinates: way } },
      { type: 'Feature', properties: as('name'), geometry: { type: 'Point', coordinates: [lon, lat] } }
    ]
  })
  return { type: 'FeatureCollection', features }
}

/** The box around the place and the names of its candidates: what must be in view to follow the reason. */
export function candidateBox(place: LonLat, drawn: GeoJSON.FeatureCollection): [number, number, number, number] {
  const points = drawn.features.flatMap(({ geometry }) => (geometry.type === 'Point' ? [geometry.coordinates] : []))
  const lons = [place.lon, ...points.map(([lon]) => lon ?? place.lon)]
  const lats = [place.lat, ...points.map(([, lat]) => lat ?? place.lat)]
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)]
}

const color: ExpressionSpecification = ['case', ['get', 'chosen'], ACCENT, OTHER]
const source = 'candidates'

type Part = 'area' | 'way' | 'name' | 'dot'
const part = (name: Part): FilterSpecification => ['==', ['get', 'part'], name]

export function candidateLayers(): LayerSpecification[] {
  return [
    {
      id: 'candidates:fill',
      type: 'fill',
      source,
      filter: part('area'),
      paint: { 'fill-color': color, 'fill-opacity': 0.1 }
    },
    {
      id: 'candidates:border',
      type: 'line',
      source,
      filter: part('area'),
      layout: { 'line-join': 'round' },
      paint: { 'line-color': color, 'line-width': ['case', ['get', 'chosen'], 4, 2] }
    },
    {
      id: 'candidates:way',
      type: 'line',
      source,
      filter: part('way'),
      paint: { 'line-color': color, 'line-width': 2, 'line-dasharray': [2, 1.5] }
    },
    {
      id: 'candidates:dot',
      type: 'circle',
      source,
      filter: part('dot'),
      paint: { 'circle-color': ACCENT, 'circle-radius': 6, 'circle-stroke-color': '#ffffff', 'circle-stroke-width': 2 }
    },
    {
      id: 'candidates:label',
      type: 'symbol',
      source,
      filter: part('name'),
      layout: {
        'text-field': ['get', 'label'],
        'text-font': ['Be Vietnam Pro SemiBold'],
        'text-size': 14,
        'text-allow-overlap': true,
        'text-ignore-placement': true
      },
      paint: { 'text-color': color, 'text-halo-color': '#ffffff', 'text-halo-width': 2 }
    }
  ]
}
