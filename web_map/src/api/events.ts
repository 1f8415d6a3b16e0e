import { authorization, onToken, token } from '../state/token.svelte'
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

/** The events of a text of server-sent events, and what of it is not yet complete. */
export function parseStream(text: string): { events: { kind: string; data: string }[]; rest: string } {
  const blocks = text.replaceAll('\r\n', '\n').split('\n\n')
  const rest = blocks.pop() ?? ''
  const field = (block: string, name: string): string | undefined =>
    block
      .split('\n')
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2)
  const events = blocks.flatMap((block) => {
    const data = field(block, 'data')
    return data === undefined ? [] : [{ kind: field(block, 'event') ?? 'message', data }]
  })
  return { events, rest }
}

const DOOR = '/api/events'
const AGAIN_MS = 2_000
const ABSENT_MS = 60_000

/**
 * Listen to changes of layers until the returned function is called, as the one who is signed in at the time.
 *
 * The public has one stream per browser: over HTTP/1.1 a browser opens about six connections to a host, so the
 * tab that holds the lock keeps the stream and tells the others. A tab of staff has its own: what it is told of
 * is not for every tab.
 */
export function listen(changed: (change: LayerChanged) => void): () => void {
  let close = begin(changed)
  const forget = onToken(() => {
    close()
    close = begin(changed)
  })
  return () => {
    forget()
    close()
  }
}

function begin(changed: (change: LayerChanged) => void): () => void {
  const stop = new AbortController()
  if (token() !== null) {
    void follow(changed, stop.signal)
    return () => stop.abort()
  }
  const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('diaban-events') : null
  if (channel) channel.onmessage = (event) => changed(event.data as LayerChanged)
  const lead = (): Promise<void> =>
    follow((change) => {
      changed(change)
      channel?.postMessage(change)
    }, stop.signal)
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

/** Until aborted; what was missed while the line was down is told when it is up again. */
async function follow(changed: (change: LayerChanged) => void, signal: AbortSignal): Promise<void> {
  const known = new Map<string, number>()
  const hear = ({ kind, data }: { kind: string; data: string }): void => {
    if (kind === 'layers') {
      const epochs = parseEpochs(data)
      const changes = missed(known, epochs)
      for (const [layer, epoch] of Object.entries(epochs)) known.set(layer, epoch)
      for (const change of changes) changed(change)
    }
    const change = kind === 'layer' ? parseChange(data) : null
    if (change) {
      known.set(change.layer, Number(change.epoch))
      changed(change)
    }
  }
  while (!signal.aborted) {
    const there = await once(hear, signal).catch(() => true)
    await pause(there ? AGAIN_MS : ABSENT_MS, signal)
  }
}

/** One connection to its end; false where the door does not let us in. `EventSource` cannot say who asks. */
async function once(hear: (event: { kind: string; data: string }) => void, signal: AbortSignal): Promise<boolean> {
  const headers = { accept: 'text/event-stream', ...authorization() }
  const answer = await fetch(DOOR, { headers, signal, cache: 'no-store' })
  if (!answer.ok || !answer.body) return answer.status >= 500
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const parsed = parseStream(rest + part.value)
    rest = parsed.rest
    for (const event of parsed.events) hear(event)
  }
  return true
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    signal.addEventListener('abort', done)
  })
}
