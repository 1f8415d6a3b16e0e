import * as api from '../../api/client'
import { listen } from '../../api/events'
import type { LayerInfo, LonLat } from '../../api/types'
import { lang } from '../../i18n/lang.svelte'
import type { Asked } from '../../map/address'
import type { Camera, StyleSpecification } from '../../map/engine'
import { MapSession } from '../../map/session'
import { compose, merge } from '../../map/style'
import { Versions } from '../../map/touched'
import { app } from '../../state/app.svelte'
import { authorization } from '../../state/token.svelte'

const EMPTY: StyleSpecification = { version: 8, sources: {}, layers: [] }

/** The style of the layers shown first, with those of the other layers put in at their place. */
async function served(layers: readonly LayerInfo[]): Promise<StyleSpecification> {
  const first = (await api.style('map')) as StyleSpecification
  const missing = layers.filter((layer) => !(layer.name in first.sources))
  const more = await Promise.all(
    missing.map((layer) => api.style(layer.name).catch(() => EMPTY) as Promise<StyleSpecification>)
  )
  return merge([first, ...more], layers)
}

function camera(): Camera {
  const config = app.config
  if (app.camera) return app.camera
  if (!config) return { lon: 105.8, lat: 16, zoom: 5 }
  return { lon: config.center[0], lat: config.center[1], zoom: config.zoom ?? 8.5 }
}

/**
 * Load the engine, draw the map, keep `app.session` and `app.camera` current.
 * Answers with the function that takes the map down, or with why there is none.
 */
export async function start(
  container: HTMLElement,
  asked: (place: LonLat, pixel: [number, number]) => void
): Promise<(() => void) | 'no-webgl' | 'unreachable'> {
  const layers = app.layers ?? []
  const dated = layers.filter((layer) => layer.valid_time).map((layer) => layer.name)
  const tiles: Asked = { versions: new Versions(), dated: new Set(dated), day: app.day }
  let engine: typeof import('../../map/engine')
  let style: StyleSpecification
  try {
    ;[engine, style] = await Promise.all([import('../../map/engine'), served(layers)])
  } catch {
    return 'unreachable'
  }
  let map: Awaited<ReturnType<typeof engine.createMap>>
  try {
    const whole = hide(compose(style, layers, app.config?.basemap ?? null, lang()), app.drawn)
    map = await engine.createMap(container, whole, camera(), tiles, authorization)
  } catch {
    return 'no-webgl'
  }
  map.getCanvas().dataset['testid'] = 'map-canvas'
  const session = new MapSession(map, layers, tiles)
  map.once('styledata', () => {
    if (!app.camera && app.config) session.show(app.config.bbox, app.insets)
    app.camera = session.camera
    app.session = session
  })
  map.on('moveend', () => (app.camera = session.camera))
  map.on('click', ({ lngLat, point }) => {
    const pixel: [number, number] = [point.x, point.y]
    if (!session.openCluster(pixel)) asked({ lon: lngLat.lng, lat: lngLat.lat }, pixel)
  })
  // A ready-made sign for tests and for watchdogs: the first picture is complete.
  map.once('idle', () => (document.documentElement.dataset['map'] = 'idle'))
  const deaf = listen(({ layer, epoch, bbox }) => session.refresh(layer, String(epoch), bbox))
  return () => {
    deaf()
    map.remove()
  }
}

/** Layers that are off never ask for a tile. */
function hide(style: StyleSpecification, drawn: ReadonlySet<string>): StyleSpecification {
  const names = new Set((app.layers ?? []).map((layer) => layer.name))
  const off = (id: string): boolean => {
    const layer = id.slice(0, Math.max(0, id.indexOf(':')))
    return names.has(layer) && !drawn.has(layer)
  }
  const layers = style.layers.map((layer) =>
    off(layer.id) ? { ...layer, layout: { ...layer.layout, visibility: 'none' } } : layer
  )
  return { ...style, layers: layers as StyleSpecification['layers'] }
}
