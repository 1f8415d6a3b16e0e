import type { MaplibreMap } from './engine'

/** What of a map is asked here. */
export type Settling = Pick<MaplibreMap, 'areTilesLoaded' | 'triggerRepaint' | 'on' | 'off'>

const LOOK_MS = 200
const watched = new WeakSet<Settling>()

/**
 * Draw once more when all tiles have come that were asked for again.
 *
 * MapLibre keeps silent about a tile that comes back with the ETag it had: nothing is drawn, so a map that
 * waited for that tile last would never say that it is idle.
 */
export function settle(map: Settling): void {
  if (watched.has(map)) return
  watched.add(map)
  const timer = setInterval(() => {
    if (!map.areTilesLoaded()) return
    stop()
    map.triggerRepaint()
  }, LOOK_MS)
  const stop = (): void => {
    clearInterval(timer)
    watched.delete(map)
    map.off('remove', stop)
  }
  map.on('remove', stop)
}
