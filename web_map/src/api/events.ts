import type { Bbox } from './types'

/** A layer has a new version; maps that show it ask for its tiles again. */
export interface LayerChanged {
  layer: string
  epoch: number | string
  /** Where: null where it may be anywhere. */
  bbox: Bbox | null
}

/** The event's data as a value, or null where it is not one. */
export function parseChange(data: string): LayerChanged | null {
  try {
    const said = JSON.parse(data) as Partial<LayerChanged> | null
    if (said === null || typeof said.layer !== 'string') return null
    return { layer: said.layer, epoch: said.epoch ?? Date.now(), bbox: isBbox(said.bbox) ? said.bbox : null }
  } catch {
    return null
  }
}

function isBbox(value: unknown): value is Bbox {
  return Array.isArray(value) && value.length === 4 && value.every(Number.isFinite)
}

/** Layers whose epoch is another than when the stream was last open: what they were told meanwhile is unknown. */
export function missed(known: ReadonlyMap<string, number>, epochs: Record<string, number>): LayerChanged[] {
  return Object.entries(epochs)
    .filter(([layer, epoch]) => known.has(layer) && known.get(layer) !== epoch)
    .map(([layer, epoch]) => ({ layer, epoch, bbox: null }))
}

export function parseEpochs(data: string): Record<string, number> {
  try {
    return JSON.parse(data) as Record<string, number>
  } catch {
    return {}
  }
}

const DOOR = '/api/events'
const PAUSE_MS = 60_000

/**
 * Listen to changes of layers until the returned function is called.
 *
 * One stream per browser: over HTTP/1.1 a browser opens about six connections to a host, so the tab that
 * holds the lock keeps the stream and tells the others. A door that is absent is asked again every minute.
 */
export function listen(changed: (change: LayerChanged) => void): () => void {
  const stop = new AbortController()
  const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('diaban-events') : null
  if (channel) channel.onmessage = (event) => changed(event.data as LayerChanged)
  const lead = (): Promise<void> =>
    new Promise((resolve) => {
      const close = stream((change) => {
        changed(change)
        channel?.postMessage(change)
      })
      stop.signal.addEventListener('abort', () => {
        close()
        resolve()
      })
    })
  if ('locks' in navigator) {
    navigator.locks.request('diaban-events', { signal: stop.signal }, lead).catch(() => undefined)
  } else {
    void lead()
  }
  return () => {
    stop.abort()
    channel?.close()
  }
}

function stream(changed: (change: LayerChanged) => void): () => void {
  let source: EventSource | null = null
  let timer = 0
  const known = new Map<string, number>()
  const open = (): void => {
    source = new EventSource(DOOR)
    source.addEventListener('layers', (event) => {
      const epochs = parseEpochs((event as MessageEvent<string>).data)
      const changes = missed(known, epochs)
      for (const [layer, epoch] of Object.entries(epochs)) known.set(layer, epoch)
      for (const change of changes) changed(change)
    })
    source.addEventListener('layer', (event) => {
      const change = parseChange((event as MessageEvent<string>).data)
      if (change) {
        known.set(change.layer, Number(change.epoch))
        changed(change)
      }
    })
    source.onerror = () => {
      if (source?.readyState === EventSource.CLOSED) timer = window.setTimeout(open, PAUSE_MS)
    }
  }
  open()
  return () => {
    window.clearTimeout(timer)
    source?.close()
  }
}
