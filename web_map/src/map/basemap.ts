import type { Basemap } from '../api/types'
import type { LayerSpecification, StyleSpecification } from './engine'

type Source = StyleSpecification['sources'][string]

/** The base map's source: pictures of a service or of our own file, or vector tiles of our own file. */
export function basemapSource(basemap: Basemap): Source {
  const { tiles, attribution = '', minzoom, maxzoom, bounds } = basemap
  const said = {
    tiles,
    attribution,
    ...(minzoom !== undefined && { minzoom }),
    ...(maxzoom !== undefined && { maxzoom }),
    ...(bounds && { bounds })
  }
  return basemap.kind === 'vector' ? { type: 'vector', ...said } : { type: 'raster', tileSize: 256, ...said }
}

/**
 * How the base map is drawn. Of vector tiles nobody knows the classes: areas and lines in quiet greys, which
 * leave the colours to the province's layers.
 */
export function basemapLayers(basemap: Basemap): LayerSpecification[] {
  if (basemap.kind !== 'vector') return [{ id: 'base:map', type: 'raster', source: 'basemap' }]
  return (basemap.vector_layers ?? []).flatMap(({ id }): LayerSpecification[] => [
    {
      id: `base:fill-${id}`,
      type: 'fill',
      source: 'basemap',
      'source-layer': id,
      filter: ['==', ['geometry-type'], 'Polygon'],
      paint: { 'fill-color': '#ffffff', 'fill-opacity': 0.6, 'fill-outline-color': '#b9c2c9' }
    },
    {
      id: `base:line-${id}`,
      type: 'line',
      source: 'basemap',
      'source-layer': id,
      filter: ['==', ['geometry-type'], 'LineString'],
      paint: { 'line-color': '#a9b4bd', 'line-width': ['interpolate', ['linear'], ['zoom'], 8, 0.5, 16, 3] }
    }
  ])
}
