import type { Cells } from '../api/hotspots'
import type { ExpressionSpecification, LayerSpecification, SourceSpecification } from './engine'
import { CHANGE_COLORS, CIVIDIS, KIND_COLORS, RATES, STATE_COLORS } from './ramp'

/** Lets boundaries and rivers show through; the legend's swatches are as clear. */
export const HEX_OPACITY = 0.82

/** What the hexagons say, or that density is drawn instead of them. */
export type HexView = 'density' | 'heat' | 'signal' | 'emerging' | 'compare'

/** Views whose cells come as vector tiles; the cells of the others come with their list. */
export const TILED: readonly HexView[] = ['density', 'heat', 'signal']

/** The picture for cells with too few reports: thin stripes. */
export const HATCH = 'hotspots-hatch'
const TILES = '/api/hotspots/tiles/{z}/{x}/{y}.mvt'
const DENSITY = '/api/hotspots/density/{z}/{x}/{y}.png'
const EMPTY = { type: 'FeatureCollection', features: [] } as const

/** The sources of hexagons by name; a source of tiles asks for nothing until one of its layers is shown. */
export const hexSources = (): Record<string, SourceSpecification> => ({
  hotspots: { type: 'geojson', data: EMPTY as unknown as GeoJSON.FeatureCollection },
  'hotspots-tiles': { type: 'vector', tiles: [TILES], maxzoom: 15 },
  'hotspots-chosen': { type: 'geojson', data: EMPTY as unknown as GeoJSON.FeatureCollection },
  'hotspots-density': { type: 'raster', tiles: [DENSITY], tileSize: 256, maxzoom: 15 }
})

/** The layers of hexagons that come in tiles, or with their list. */
export const layersOf = (tiled: boolean): { fill: string; few: string; edge: string } => {
  const prefix = tiled ? 'hotspots:tile-' : 'hotspots:'
  return { fill: `${prefix}fill`, few: `${prefix}few`, edge: `${prefix}edge` }
}

export function hexLayers(): LayerSpecification[] {
  const heat: LayerSpecification = {
    id: 'hotspots:heat',
    type: 'raster',
    source: 'hotspots-density',
    layout: { visibility: 'none' },
    paint: { 'raster-opacity': 0.9, 'raster-fade-duration': 0 }
  }
  return [heat, ...cells(false), ...cells(true), ring('hotspots:chosen-casing', '#ffffff', 6), ring('hotspots:chosen', '#14181c', 2.5)]
}

function cells(tiled: boolean): LayerSpecification[] {
  const ids = layersOf(tiled)
  const from = tiled
    ? ({ source: 'hotspots-tiles', 'source-layer': 'hotspots', layout: { visibility: 'none' } } as const)
    : ({ source: 'hotspots', layout: { visibility: 'none' } } as const)
  return [
    { id: ids.fill, type: 'fill', ...from, paint: { 'fill-color': CIVIDIS[3], 'fill-opacity': HEX_OPACITY } },
    {
      id: ids.few,
      type: 'fill',
      ...from,
      filter: ['==', ['get', 'state'], 'few'],
      paint: { 'fill-pattern': HATCH, 'fill-opacity': 0.5 }
    },
    {
      id: ids.edge,
      type: 'line',
      ...from,
      minzoom: 10,
      paint: { 'line-color': '#ffffff', 'line-width': 0.6, 'line-opacity': 0.7 }
    }
  ]
}

function ring(id: string, color: string, width: number): LayerSpecification {
  return {
    id,
    type: 'line',
    source: 'hotspots-chosen',
    layout: { 'line-join': 'round' },
    paint: { 'line-color': color, 'line-width': width }
  }
}

/** Colour by rate on the fixed scale, straight in the logarithm as the server's density is. */
export function rateColor(): ExpressionSpecification {
  const stops = CIVIDIS.flatMap((color, index) => [Math.log10(RATES[0]) + index / 2, color])
  return ['interpolate', ['linear'], ['log10', ['max', ['get', 'rate'], 0.001]], ...stops] as ExpressionSpecification
}

/** The few reports of the low end do not shout: they fade out where the scale begins. */
export function opacityOf(view: HexView): ExpressionSpecification | number {
  // Under the smooth density the cells are not seen; they are there to be asked.
  if (view === 'heat') return 0
  if (view !== 'density') return HEX_OPACITY
  const rate = ['log10', ['max', ['get', 'rate'], 0.001]]
  return ['interpolate', ['linear'], rate, -1.5, 0.15, -1, 0.4, -0.5, 0.7, 0, HEX_OPACITY] as unknown as ExpressionSpecification
}

function matched(name: string, colors: Readonly<Record<string, string>>): ExpressionSpecification {
  return ['match', ['get', name], ...Object.entries(colors).flat(), 'rgba(0, 0, 0, 0)'] as unknown as ExpressionSpecification
}

/** How the hexagons of a view are filled. */
export function fillOf(view: HexView): ExpressionSpecification {
  if (view === 'signal') return matched('state', { ...STATE_COLORS, none: 'rgba(0, 0, 0, 0)', few: 'rgba(0, 0, 0, 0)' })
  if (view === 'emerging') return matched('kind', KIND_COLORS)
  if (view !== 'compare') return rateColor()
  return ['match', ['get', 'change'], 1, CHANGE_COLORS.more, -1, CHANGE_COLORS.less, CHANGE_COLORS.same]
}

/** Eight by eight pixels, one dark diagonal on clear ground. */
export function hatch(): { width: number; height: number; data: Uint8Array } {
  const data = new Uint8Array(8 * 8 * 4)
  for (let y = 0; y < 8; y++) data.set([70, 78, 86, 170], (y * 8 + ((8 - y) % 8)) * 4)
  return { width: 8, height: 8, data }
}

/** The mean of a ring's corners: near enough to a hexagon's centre for flying there. */
export function centre(ring: readonly (readonly [number, number])[]): [number, number] {
  const corners = ring.slice(0, -1)
  const sum = corners.reduce<[number, number]>(([x, y], [lon, lat]) => [x + lon, y + lat], [0, 0])
  return [sum[0] / corners.length, sum[1] / corners.length]
}

/** Hexagons as the map takes them. */
export const asFeatures = (features: Cells['features']): GeoJSON.FeatureCollection =>
  ({ type: 'FeatureCollection', features }) as unknown as GeoJSON.FeatureCollection
