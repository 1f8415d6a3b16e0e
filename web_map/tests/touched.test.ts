import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { listen, missed, parseChange, parseEpochs, parseStream } from '../src/api/events'
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
