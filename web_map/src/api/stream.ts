import { authorization, onToken, token } from '../state/token.svelte'

/** One event of a stream. */
export interface Said {
  kind: string
  data: string
}

const AGAIN_MS = 2_000
const ABSENT_MS = 60_000
/** What a tab asks that comes later: the one that keeps the stream says again where it stands. */
const HELLO = 'hello'

/** The events of a text of server-sent events, and what of it is not yet complete. */
export function parseStream(text: string): { events: Said[]; rest: string } {
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

/**
 * Hear what a door says until the returned function is called, as the one who is signed in at the time.
 *
 * Over HTTP/1.1 a browser opens about six connections to a host, so the tabs of one caller share a stream: the
 * tab that holds the lock keeps it and tells the others. `standing` says what a tab that comes later has to know.
 */
export function hearStream(door: string, hear: (said: Said) => void, standing?: () => Said): () => void {
  let close = begin(door, hear, standing)
  const forget = onToken(() => {
    close()
    close = begin(door, hear, standing)
  })
  return () => {
    forget()
    close()
  }
}

function begin(door: string, hear: (said: Said) => void, standing?: () => Said): () => void {
  const stop = new AbortController()
  const name = `diaban ${door} ${callerName(token())}`
  const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel(name) : null
  let leading = false
  if (channel) {
    channel.onmessage = ({ data }) => {
      const said = data as Said
      if (said.kind !== HELLO) hear(said)
      else if (leading && standing) channel.postMessage(standing())
    }
  }
  const lead = async (): Promise<void> => {
    leading = true
    await follow(door, stop.signal, (said) => {
      hear(said)
      channel?.postMessage(said)
    })
  }
  if (channel && 'locks' in navigator) {
    channel.postMessage({ kind: HELLO, data: '' } satisfies Said)
    navigator.locks.request(name, { signal: stop.signal }, lead).catch(() => undefined)
  } else {
    void lead()
  }
  return () => {
    stop.abort()
    channel?.close()
  }
}

/** Tells tabs of one caller from those of another without the token itself (FNV-1a, 32 bits). */
export function callerName(said: string | null): string {
  if (said === null) return 'public'
  let hash = 0x811c9dc5
  for (const letter of said) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193) >>> 0
  return `${said.length}.${hash.toString(36)}`
}

async function follow(door: string, signal: AbortSignal, hear: (said: Said) => void): Promise<void> {
  while (!signal.aborted) {
    const there = await once(door, signal, hear).catch(() => true)
    if (!signal.aborted) await pause(there ? AGAIN_MS : ABSENT_MS, signal)
  }
}

/** One connection to its end; false where the door does not let us in. `EventSource` cannot say who asks. */
async function once(door: string, signal: AbortSignal, hear: (said: Said) => void): Promise<boolean> {
  const headers = { accept: 'text/event-stream', ...authorization() }
  const answer = await fetch(door, { headers, signal, cache: 'no-store' })
  if (!answer.ok || !answer.body) return answer.status >= 500
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const parsed = parseStream(rest + part.value)
    rest = parsed.rest
    for (const said of parsed.events) hear(said)
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
