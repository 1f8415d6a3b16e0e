import type { LayerInfo } from '../api/types'
import type { ExpressionSpecification, FilterSpecification, LayerSpecification } from './engine'

export const ACCENT = '#0b4f9e'
// Features merged for far zooms have no id (`undefined`, which `coalesce` lets through); `in` would warn of each.
const ID: ExpressionSpecification = ['to-number', ['id'], -1]
export const NOTHING: FilterSpecification = ['in', ID, ['literal', []]]

/** The filter that lets only the features of these ids through. */
export function only(ids: readonly number[]): FilterSpecification {
  return ['in', ID, ['literal', [...ids]]]
}

/** Layers that draw the chosen features of each layer, from the tiles that are there anyway. */
export function highlightLayers(layers: readonly LayerInfo[]): LayerSpecification[] {
  return layers.flatMap((layer) =>
    layer.geometry.endsWith('Point') ? [halo(layer.name)] : [casing(layer.name), edge(layer.name)]
  )
}

const from = (name: string) => ({ source: name, 'source-layer': name, filter: NOTHING })

function halo(name: string): LayerSpecification {
  return {
    id: `highlight-point:${name}`,
    type: 'circle',
    ...from(name),
    paint: {
      'circle-radius': 11,
      'circle-color': 'rgba(11, 79, 158, 0.12)',
      'circle-stroke-color': ACCENT,
      'circle-stroke-width': 3
    }
  }
}

function casing(name: string): LayerSpecification {
  return {
    id: `highlight-casing:${name}`,
    type: 'line',
    ...from(name),
    layout: { 'line-join': 'round' },
    paint: { 'line-color': '#ffffff', 'line-width': 6, 'line-opacity': 0.9 }
  }
}

function edge(name: string): LayerSpecification {
  return {
    id: `highlight-edge:${name}`,
    type: 'line',
    ...from(name),
    layout: { 'line-join': 'round' },
    paint: { 'line-color': ACCENT, 'line-width': 3 }
  }
}

/** The place asked about, as a ring with a dot: shape and colour, so that neither stands alone. */
export function pickLayers(): LayerSpecification[] {
  return [
    {
      id: 'pick:ring',
      type: 'circle',
      source: 'pick',
      paint: {
        'circle-radius': 9,
        'circle-color': '#ffffff',
        'circle-stroke-color': ACCENT,
        'circle-stroke-width': 3
      }
    },
    {
      id: 'pick:dot',
      type: 'circle',
      source: 'pick',
      paint: { 'circle-radius': 3.5, 'circle-color': ACCENT }
    }
  ]
}
