import { tick } from 'svelte'
import * as api from '../../api/client'
import type { LonLat, SearchHit } from '../../api/types'
import { app } from '../../state/app.svelte'
import { at } from '../at/ask.svelte'
import { showDay } from '../day/choose'
import { inside } from './inside'

/** A place in the feature that was found; the middle of its box where its shape cannot be had. */
async function placeIn({ layer, id, bbox: [west, south, east, north] }: SearchHit): Promise<LonLat> {
  const middle = { lon: (west + east) / 2, lat: (south + north) / 2 }
  if (west === east && south === north) return middle
  try {
    return inside((await api.item(layer, id)).geometry) ?? middle
  } catch {
    return middle
  }
}

/** Go to what was found, on the day that it was there; light it up and say in words what it is. */
export async function choose(hit: SearchHit): Promise<void> {
  app.mapWanted = true
  if (hit.day) {
    app.close()
    showDay(hit.day)
    // The map takes the day before the camera moves: asking for other tiles would stop it.
    await tick()
  }
  if (!app.visible.has(hit.layer) && app.layers?.some(({ name }) => name === hit.layer)) app.toggle(hit.layer)
  app.open('at')
  app.session?.fit(hit.bbox, app.insets, 17)
  await at.ask(await placeIn(hit), { layer: hit.layer, id: hit.id })
}
