import { preview } from '../../api/imports'
import type { Bbox } from '../../api/types'
import type { ExpressionSpecification, GeoJSONSource } from '../../map/engine'
import { app } from '../../state/app.svelte'

const SOURCE = 'import'
/** Colour and meaning: never colour alone, the legend says the word beside it. */
export const COLOURS = {
  new: '#1b7f3b',
  changed: '#b26a00',
  succeeded: '#b26a00',
  gone: '#b3261e',
  same: '#7b8791',
  duplicate: '#7b8791',
  conflicting: '#b3261e',
  problem: '#b3261e'
} as const

const colour: ExpressionSpecification = [
  'match',
  ['get', 'what'],
  ...Object.entries(COLOURS).flat(),
  '#7b8791'
] as unknown as ExpressionSpecification

/** Show what a file would change; the layers that are there stay below. */
export async function drawPreview(id: string, extent: Bbox | null): Promise<void> {
  const map = app.session?.map
  if (!map) return
  const data = await preview(id).catch(() => null)
  if (!data) return
  const source = map.getSource(SOURCE) as GeoJSONSource | undefined
  if (source) source.setData(data)
  else {
    map.addSource(SOURCE, { type: 'geojson', data })
    map.addLayer({
      id: 'import:fill',
      type: 'fill',
      source: SOURCE,
      filter: ['==', ['geometry-type'], 'Polygon'],
      paint: { 'fill-color': colour, 'fill-opacity': 0.35 }
    })
    map.addLayer({
      id: 'import:line',
      type: 'line',
      source: SOURCE,
      filter: ['!=', ['geometry-type'], 'Point'],
      paint: { 'line-color': colour, 'line-width': 1.5 }
    })
    map.addLayer({
      id: 'import:point',
      type: 'circle',
      source: SOURCE,
      filter: ['==', ['geometry-type'], 'Point'],
      paint: { 'circle-color': colour, 'circle-radius': 5, 'circle-stroke-color': '#ffffff', 'circle-stroke-width': 1.5 }
    })
  }
  if (extent) app.session?.fit(extent, app.insets, 17)
}

export function clearPreview(): void {
  const source = app.session?.map.getSource(SOURCE) as GeoJSONSource | undefined
  source?.setData({ type: 'FeatureCollection', features: [] })
}
