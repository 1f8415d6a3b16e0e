import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { settle, type Settling } from '../src/map/settle'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function pretend(): { map: Settling; loaded: (yes: boolean) => void; drawn: () => number; remove: () => void } {
  let there = false
  const stops = new Set<() => void>()
  const triggerRepaint = vi.fn()
  const map = {
    areTilesLoaded: () => there,
    triggerRepaint,
    on: (_: string, listener: () => void) => stops.add(listener),
    off: (_: string, listener: () => void) => stops.delete(listener)
  } as unknown as Settling
  return {
    map,
    loaded: (yes) => (there = yes),
    drawn: () => triggerRepaint.mock.calls.length,
    remove: () => stops.forEach((stop) => stop())
  }
}

test('draws once, when the last tile has come', () => {
  const { map, loaded, drawn } = pretend()
  settle(map)
  vi.advanceTimersByTime(5_000)
  expect(drawn()).toBe(0)
  loaded(true)
  vi.advanceTimersByTime(5_000)
  expect(drawn()).toBe(1)
})

test('many changes at once are watched once, and later ones again', () => {
  const { map, loaded, drawn } = pretend()
  for (let change = 0; change < 5; change++) settle(map)
  loaded(true)
  vi.advanceTimersByTime(1_000)
  expect(drawn()).toBe(1)
  settle(map)
  vi.advanceTimersByTime(1_000)
  expect(drawn()).toBe(2)
})

test('a map that is gone is asked no more', () => {
  const { map, loaded, drawn, remove } = pretend()
  settle(map)
  remove()
  loaded(true)
  vi.advanceTimersByTime(1_000)
  expect(drawn()).toBe(0)
  expect(vi.getTimerCount()).toBe(0)
})
