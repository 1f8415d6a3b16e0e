import type { Basemap, LayerInfo } from '../api/types'
import type { LayerSpecification, StyleSpecification } from './engine'
import { basemapLayers, basemapSource } from './basemap'
import { candidateLayers } from './candidates'
import { highlightLayers, pickLayers } from './highlight'
import { hexLayers, hexSources } from './hexes'
import { ISLANDS_SOURCE, islandLayers } from './islands'

export const GROUND = '#e8ecef'
const EMPTY: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] }

/** The layer (of the registry) that a style layer `<layer>:<id>` draws. */
export function layerOf(id: string): string {
  const colon = id.indexOf(':')
  return colon < 0 ? id : id.slice(0, colon)
}

/** Several styles as one, their layers in the order of the registry (drawn first = lowest). */
export function merge(styles: readonly StyleSpecification[], layers: readonly LayerInfo[]): StyleSpecification {
  const order = new Map(layers.map((layer, index) => [layer.name, index]))
  // The icons of all layers are one picture, whichever style names it.
  const sprite = styles.find((style) => style.sprite !== undefined)?.sprite
  const rank = (id: string): number => order.get(layerOf(id)) ?? -1
  return {
    version: 8,
    ...(sprite !== undefined && { sprite }),
    sources: Object.assign({}, ...styles.map((style) => style.sources)) as StyleSpecification['sources'],
    layers: styles.flatMap((style) => style.layers).sort((a, b) => rank(a.id) - rank(b.id))
  }
}

function baseLayers(basemap: Basemap | null, land: string | null): LayerSpecification[] {
  const ground: LayerSpecification = {
    id: 'base:ground',
    type: 'background',
    paint: { 'background-color': GROUND }
  }
  if (basemap) return [ground, ...basemapLayers(basemap)]
  if (land === null) return [ground]
  const white: LayerSpecification = {
    id: 'base:land',
    type: 'fill',
    source: land,
    'source-layer': land,
    paint: { 'fill-color': '#ffffff', 'fill-antialias': false }
  }
  return [ground, white]
}

/**
 * The whole style as a value: ground, base map, the layers of the server's style, hexagons, highlights,
 * the islands that the law asks for. Labels of the server stay above all fills of the server.
 */
export function compose(
  served: StyleSpecification,
  layers: readonly LayerInfo[],
  basemap: Basemap | null,
  lang: 'vi' | 'en'
): StyleSpecification {
  const own = served.layers.filter((layer) => layer.type !== 'background')
  const shapes = own.filter((layer) => layer.type !== 'symbol')
  // Without a base map the lowest layer of areas is the land.
  const lowest = layers.find((layer) => layer.geometry.endsWith('Polygon') && layer.name in served.sources)
  const labels = own.filter((layer) => layer.type === 'symbol')
  return {
    version: 8,
    // Letters are drawn here, with the page's own fonts.
    ...(served.sprite !== undefined && { sprite: served.sprite }),
    sources: {
      ...served.sources,
      ...(basemap && { basemap: basemapSource(basemap) }),
      islands: ISLANDS_SOURCE,
      ...hexSources(),
      candidates: { type: 'geojson', data: EMPTY },
      pick: { type: 'geojson', data: EMPTY }
    },
    layers: [
      ...baseLayers(basemap, lowest?.name ?? null),
      ...shapes,
      ...hexLayers(),
      ...highlightLayers(layers.filter((layer) => layer.name in served.sources)),
      ...labels,
      ...islandLayers(lang),
      ...candidateLayers(),
      ...pickLayers()
    ]
  }
}
