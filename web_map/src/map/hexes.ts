import type { Hotspots } from '../api/types'
import type { ExpressionSpecification, FilterSpecification, LayerSpecification } from './engine'
import { CIVIDIS, colors } from './ramp'

/** Lets boundaries and rivers show through; the legend's swatches are as clear. */
export const HEX_OPACITY = 0.85

/** Below this zoom hexagons are specks, so heat takes over. */
export const HEX_MIN_ZOOM = 8

export function hexLayers(): LayerSpecification[] {
  return [
    {
      id: 'hotspots:heat',
      type: 'heatmap',
      source: 'hotspots-heat',
      layout: { visibility: 'none' },
      paint: {
        'heatmap-weight': ['get', 'weight'],
        'heatmap-radius': ['interpolate', ['exponential', 2], ['zoom'], 6, 8, 8, 16, 13, 300],
        'heatmap-intensity': ['interpolate', ['linear'], ['zoom'], 6, 0.5, 10, 0.9],
        'heatmap-opacity': 0.8,
        'heatmap-color': [
          'interpolate',
          ['linear'],
          ['heatmap-density'],
          0,
          'rgba(254, 232, 56, 0)',
          ...CIVIDIS.flatMap((color, index) => [0.08 + (index * 0.92) / (CIVIDIS.length - 1), color])
        ] as ExpressionSpecification
      }
    },
    {
      id: 'hotspots:fill',
      type: 'fill',
      source: 'hotspots',
      layout: { visibility: 'none' },
      paint: { 'fill-color': CIVIDIS[3], 'fill-opacity': HEX_OPACITY }
    },
    {
      id: 'hotspots:edge',
      type: 'line',
      source: 'hotspots',
      minzoom: 10,
      layout: { visibility: 'none' },
      paint: { 'line-color': '#ffffff', 'line-width': 0.6, 'line-opacity': 0.7 }
    },
    ring('hotspots:chosen-casing', '#ffffff', 6),
    ring('hotspots:chosen', '#14181c', 2.5)
  ]
}

function ring(id: string, color: string, width: number): LayerSpecification {
  return {
    id,
    type: 'line',
    source: 'hotspots',
    filter: chosen(null),
    layout: { visibility: 'none', 'line-join': 'round' },
    paint: { 'line-color': color, 'line-width': width }
  }
}

export function chosen(cell: string | null): FilterSpecification {
  return ['==', ['get', 'cell'], cell ?? '']
}

/** Colour by density: `step` over the class limits, so the map and the legend cannot disagree. */
export function fillColor(limits: readonly number[]): ExpressionSpecification | string {
  const [first, ...rest] = colors(limits.length + 1)
  if (limits.length === 0 || first === undefined) return first ?? CIVIDIS[3]
  const steps = limits.flatMap((limit, index) => [limit, rest[index] ?? first])
  return ['step', ['get', 'per_km2'], first, ...steps] as ExpressionSpecification
}

/** The mean of a ring's corners: near enough to a hexagon's centre for drawing and flying. */
export function centre(ring: readonly (readonly [number, number])[]): [number, number] {
  const corners = ring.slice(0, -1)
  const sum = corners.reduce<[number, number]>(([x, y], [lon, lat]) => [x + lon, y + lat], [0, 0])
  return [sum[0] / corners.length, sum[1] / corners.length]
}

/** Centres of the hexagons with a weight from 0 to 1 (the 98th percentile and above count as 1). */
export function heatPoints(hexes: Hotspots): GeoJSON.FeatureCollection {
  const sorted = hexes.features.map((hex) => hex.properties.per_km2).sort((a, b) => a - b)
  const top = sorted[Math.floor(sorted.length * 0.98)] || 1
  return {
    type: 'FeatureCollection',
    features: hexes.features.map((hex) => ({
      type: 'Feature',
      geometry: { type: 'Point', coordinates: centre(hex.geometry.coordinates[0] ?? []) },
      properties: { weight: Math.min(1, hex.properties.per_km2 / top) }
    }))
  }
}
