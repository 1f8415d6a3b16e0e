import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { listen, missed, parseChange, parseEpochs } from '../src/api/events'
import { callerName, hearStream, parseStream, type Said } from '../src/api/stream'
import type { Bbox } from '../src/api/types'
import { setToken } from '../src/state/token.svelte'
import { Versions, touchedTiles, touches } from '../src/map/touched'

describe('what a change touches', () => {
  const bbox: Bbox = [105.63, 10.46, 105.631, 10.461]
  const view: Bbox = [105, 10, 106, 11]

  it('is a tile a zoom, and its neighbours only near its border', () => {
    expect(touchedTiles(bbox, view, [0, 8, 14])).toEqual([
      { z: 0, x: 0, y: 0 },
      { z: 8, x: 203, y: 120 },
      { z: 14, x: 12999, y: 7713 }
    ])
    expect(touches(bbox, { z: 14, x: 13000, y: 7713 })).toBe(false)
    const edge = 13000 * (360 / 2 ** 14) - 180
    expect(touches([edge - 1e-5, 10.46, edge - 1e-6, 10.461], { z: 14, x: 13000, y: 7713 })).toBe(true)
  })

  it('is everything where it may be anywhere, or nearly everything', () => {
    expect(touchedTiles(null, view, [8])).toBeNull()
    expect(touchedTiles(view, view, [16])).toBeNull()
    expect(touchedTiles([100, 20, 101, 21], view, [14])).toEqual([])
  })

  it('gives those tiles a new address and leaves the others theirs', () => {
    const told = new Versions()
    told.note('zoning', '3', bbox)
    expect(told.of('zoning', { z: 14, x: 12999, y: 7713 })).toBe('3')
    expect(told.of('zoning', { z: 14, x: 12990, y: 7713 })).toBeUndefined()
    expect(told.of('farms', { z: 14, x: 12999, y: 7713 })).toBeUndefined()
    told.note('zoning', '4', null)
    expect(told.of('zoning', { z: 14, x: 12990, y: 7713 })).toBe('4')
  })

  it('is remembered, however many there were', () => {
    const told = new Versions()
    for (let i = 1; i <= 500; i++) told.note('zoning', String(i), [i / 10, 10, i / 10 + 0.001, 10.001])
    const at = (lon: number): string | undefined =>
      told.of('zoning', { z: 14, x: Math.floor(((lon + 180) / 360) * 2 ** 14), y: 7734 })
    expect(at(50.0005)).toBe('500')
    expect(Number(at(1.0005))).toBeGreaterThanOrEqual(10)
  })
})

describe('news of layers', () => {
  it('say where, or that it may be anywhere', () => {
    const box = [105, 10, 106, 11]
    expect(parseChange(`{"layer":"x","epoch":7,"bbox":${JSON.stringify(box)}}`)?.bbox).toEqual(box)
    for (const bbox of ['null', '[1,2,3]', '"x"', '[1,2,3,"4"]']) {
      expect(parseChange(`{"layer":"x","epoch":7,"bbox":${bbox}}`)?.bbox).toBeNull()
    }
  })

  it('that were missed while the line was down are asked for whole', () => {
    const known = new Map([
      ['zoning', 3],
      ['farms', 5]
    ])
    const now = parseEpochs('{"zoning":4,"farms":5,"new":1}')
    expect(missed(known, now)).toEqual([{ layer: 'zoning', epoch: 4, bbox: null }])
    expect(missed(new Map(), { zoning: 4 })).toEqual([])
    expect(missed(known, parseEpochs('nonsense'))).toEqual([])
  })

  it('come in pieces, between signs of life', () => {
    const first = parseStream('retry: 2000\nevent: layers\ndata: {"zoning":3}\n\n: alive\n\nevent: layer\nda')
    expect(first.events).toEqual([{ kind: 'layers', data: '{"zoning":3}' }])
    const second = parseStream(`${first.rest}ta: {"layer":"zoning"}\r\n\r\n`)
    expect(second).toEqual({ events: [{ kind: 'layer', data: '{"layer":"zoning"}' }], rest: '' })
  })
})

describe('the stream of news', () => {
  const asked: (string | null)[] = []
  let stop: () => void = () => undefined

  beforeEach(() => {
    asked.length = 0
    vi.stubGlobal('navigator', {})
    vi.stubGlobal('fetch', (_: string, { headers, signal }: { headers: Record<string, string>; signal: AbortSignal }) => {
      asked.push(headers['authorization'] ?? null)
      return new Promise((_, refuse) => signal.addEventListener('abort', () => refuse(new Error('aborted'))))
    })
  })
  afterEach(() => {
    stop()
    setToken(null)
    vi.unstubAllGlobals()
  })

  it('says who asks, and begins anew with whoever signs in or out', async () => {
    stop = listen(() => undefined)
    await vi.waitFor(() => expect(asked).toEqual([null]))
    setToken('a-token-of-staff')
    await vi.waitFor(() => expect(asked).toEqual([null, 'Bearer a-token-of-staff']))
    setToken('a-token-of-staff')
    setToken(null)
    await vi.waitFor(() => expect(asked).toEqual([null, 'Bearer a-token-of-staff', null]))
  })
})

describe('tabs of one caller', () => {
  const asked: string[] = []
  const closes: (() => void)[] = []
  let say: (text: string) => void = () => undefined

  /** As the browser's: one holder, the others wait in line. */
  function locks(): { request: (name: string, how: { signal: AbortSignal }, hold: () => Promise<void>) => Promise<void> } {
    const lines = new Map<string, Promise<void>>()
    return {
      request(name, { signal }, hold) {
        const turn = (lines.get(name) ?? Promise.resolve()).then(() => (signal.aborted ? undefined : hold()))
        lines.set(name, turn.catch(() => undefined))
        return turn
      }
    }
  }

  beforeEach(() => {
    asked.length = 0
    vi.stubGlobal('navigator', { locks: locks() })
    vi.stubGlobal('fetch', (door: string, { signal }: { signal: AbortSignal }) => {
      asked.push(door)
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          say = (text) => controller.enqueue(new TextEncoder().encode(text))
          signal.addEventListener('abort', () => controller.error(new Error('aborted')))
        }
      })
      return Promise.resolve(new Response(body))
    })
  })
  afterEach(() => {
    for (const close of closes.splice(0)) close()
    vi.unstubAllGlobals()
  })

  function tab(standing?: () => Said): { heard: string[]; close: () => void } {
    const heard: string[] = []
    const close = hearStream('/door', ({ kind, data }) => heard.push(`${kind} ${data}`), standing)
    closes.push(close)
    return { heard, close }
  }

  it('share one stream, which another takes over when its keeper closes', async () => {
    const first = tab()
    const second = tab()
    await vi.waitFor(() => expect(asked).toHaveLength(1))
    say('event: layer\ndata: 1\n\n')
    await vi.waitFor(() => expect([first.heard, second.heard]).toEqual([['layer 1'], ['layer 1']]))
    first.close()
    await vi.waitFor(() => expect(asked).toHaveLength(2))
    say('event: layer\ndata: 2\n\n')
    await vi.waitFor(() => expect(second.heard).toEqual(['layer 1', 'layer 2']))
    expect(first.heard).toEqual(['layer 1'])
  })

  it('tell one that comes later where the layers stand', async () => {
    tab(() => ({ kind: 'layers', data: '{"zoning":3}' }))
    await vi.waitFor(() => expect(asked).toHaveLength(1))
    const later = tab()
    await vi.waitFor(() => expect(later.heard).toEqual(['layers {"zoning":3}']))
    expect(asked).toHaveLength(1)
  })

  it('are told from those of another without their token', () => {
    const names = [null, 'a-token-of-staff', 'b-token-of-staff'].map(callerName)
    expect(new Set(names).size).toBe(3)
    expect(names.join(' ')).not.toContain('token')
  })
})
