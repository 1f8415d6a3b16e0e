import { describe, expect, it } from 'vitest'
import { parseChange } from '../src/api/events'
import { Problem, asProblem, fromAnswer } from '../src/api/problem'
import { SHORT, edge, entries, hiddenAt } from '../src/features/layers/legend'
import { frames, isRange, last, lastDay, length, months, nextMonth, ofMonths, presetOf, shifted, today } from '../src/features/hotspots/range'
import { parseAlarm } from '../src/api/hotspots'
import { parseStream } from '../src/api/stream'
import { inside } from '../src/features/search/inside'
import { moved } from '../src/features/search/moved'

describe('a problem', () => {
  const body = {
    type: 'about:blank',
    title: 'Invalid',
    status: 400,
    detail: 'Ngoài tỉnh.',
    detail_en: 'Outside the province.',
    parameter: 'lon,lat',
    allowed: 'trong tỉnh Đồng Tháp',
    allowed_en: 'within Đồng Tháp'
  }

  it('is said in the words of the server, with what is allowed', () => {
    const problem = fromAnswer(400, body)
    expect(problem.words.vi).toBe('Ngoài tỉnh. trong tỉnh Đồng Tháp')
    expect(problem.words.en).toContain('within Đồng Tháp')
    expect(problem.parameter).toBe('lon,lat')
    expect(problem.retry).toBe(false)
  })

  it('repeats nothing and survives without English', () => {
    expect(fromAnswer(400, { detail: 'Chỉ nhận A.', allowed: 'A' }).words).toEqual({
      vi: 'Chỉ nhận A.',
      en: 'Chỉ nhận A.'
    })
  })

  it.each([null, 'text', 17, {}, { detail: 5 }, []])('has words for an answer such as %j', (said) => {
    expect(fromAnswer(502, said).words.vi).toMatch(/Máy chủ/)
    expect(fromAnswer(413, said).words.vi).toMatch(/quá lớn/)
    expect(fromAnswer(502, said).retry).toBe(true)
  })

  it('that is no answer at all is a matter of the network', () => {
    expect(asProblem(new TypeError('Failed to fetch')).words.vi).toMatch(/mạng/)
    const problem = new Problem({ vi: 'a', en: 'b' }, 404)
    expect(asProblem(problem)).toBe(problem)
  })
})

describe('a legend', () => {
  const entry = (value: string, color: string, vi = value) => ({
    value,
    label: { vi, en: vi },
    color,
    shape: 'fill' as const
  })

  it('has each pair of words and colour once', () => {
    const legend = [entry('a', '#ffaaa0', 'Đất ở'), entry('b', '#ffaaa0', 'Đất ở'), entry('c', '#ffaaa0', 'Đất khác')]
    expect(entries({ legend }).map(({ value }) => value)).toEqual(['a', 'c'])
    expect(SHORT).toBeGreaterThan(2)
  })

  it('edges a pale fill so that it shows on white', () => {
    expect(edge('#fffcb4')).toBe('rgb(140 139 99)')
    expect(edge('red')).toBe('#5b6770')
  })

  it('knows when the layer needs a closer look', () => {
    expect(hiddenAt({ min_zoom: 12 }, 11.9)).toBe(true)
    expect(hiddenAt({ min_zoom: 12 }, 12)).toBe(false)
    expect(hiddenAt({ min_zoom: 12 }, null)).toBe(false)
  })
})

describe('a range of days', () => {
  it('counts both of its ends', () => {
    expect(last(7, '2026-10-31')).toEqual({ from: '2026-10-25', to: '2026-10-31' })
    expect(last(365, '2026-10-31')).toEqual({ from: '2025-11-01', to: '2026-10-31' })
    expect(shifted('2024-02-28', 1)).toBe('2024-02-29')
    expect(presetOf(last(30, '2026-10-31'), '2026-10-31', [7, 30])).toBe(30)
    expect(presetOf({ from: '2026-01-01', to: '2026-10-31' }, '2026-10-31', [7, 30])).toBeNull()
  })

  it('is on the calendar of the province', () => {
    expect(today(new Date('2026-11-21T16:59:00Z'))).toBe('2026-11-21')
    expect(today(new Date('2026-11-21T17:00:00Z'))).toBe('2026-11-22')
    expect(lastDay('2026-11-01T00:00:00+07:00')).toBe('2026-10-31')
    expect(lastDay(undefined)).toBeNull()
  })

  it('is none where an end is missing, no day, or before the beginning', () => {
    expect(isRange({ from: '', to: '2026-10-31' })).toBe(false)
    expect(isRange({ from: '2026-13-01', to: '2026-10-31' })).toBe(false)
    expect(isRange({ from: '2026-11-01', to: '2026-10-31' })).toBe(false)
    expect(isRange({ from: '2026-10-31', to: '2026-10-31' })).toBe(true)
  })

  it('knows months over the turn of a year', () => {
    expect(nextMonth('2025-12')).toBe('2026-01')
    expect(nextMonth('2026-01', -1)).toBe('2025-12')
    expect(nextMonth('2026-10', -11)).toBe('2025-11')
    expect(months('2025-11', '2026-02')).toEqual(['2025-11', '2025-12', '2026-01', '2026-02'])
    expect(ofMonths('2024-02', '2024-02')).toEqual({ from: '2024-02-01', to: '2024-02-29' })
    expect(length(ofMonths('2026-01', '2026-12'))).toBe(365)
  })

  it.each([
    [7, false, 7],
    [90, false, 13],
    [365, false, 12],
    [62, true, 3]
  ])('of %i days plays through without a gap', (days, byMonth, count) => {
    const range = last(days, '2026-10-31')
    const found = frames(range, byMonth)
    expect(found).toHaveLength(count)
    expect(found[0]?.from).toBe(range.from)
    expect(found.at(-1)?.to).toBe(range.to)
    for (const [index, frame] of found.slice(1).entries()) expect(frame.from).toBe(shifted(found[index]?.to ?? '', 1))
  })
})

describe('an alarm in the stream', () => {
  it('is read from its event, and nothing else is', () => {
    const { events } = parseStream('retry: 5000\n\n: alive\n\nevent: alarm\nid: 4\ndata: {"id": 4}\n\n')
    expect(events.map(parseAlarm)).toEqual([{ id: 4 }])
    expect(parseAlarm({ kind: 'alarm', data: '{' })).toBeNull()
    expect(parseAlarm({ kind: 'layer', data: '{"id": 4}' })).toBeNull()
  })
})

describe('a search', () => {
  it('steps round its options', () => {
    expect(moved(-1, 1, 3)).toBe(0)
    expect(moved(-1, -1, 3)).toBe(2)
    expect(moved(2, 1, 3)).toBe(0)
    expect(moved(0, 1, 0)).toBe(-1)
  })

  it('finds a place that lies in the shape', () => {
    const square = (x: number, y: number, s: number) => [[x, y], [x + s, y], [x + s, y + s], [x, y + s], [x, y]]
    // A U: the middle of its box is in the gap.
    const u = [[0, 0], [10, 0], [10, 10], [8, 10], [8, 2], [2, 2], [2, 10], [0, 10], [0, 0]]
    const place = inside({ type: 'Polygon', coordinates: [u] })
    expect(place?.lat).toBeCloseTo(5)
    expect([1, 9]).toContain(place?.lon)
    const hole = inside({ type: 'Polygon', coordinates: [square(0, 0, 10), square(3, 3, 6)] })
    expect(hole?.lon).toBeLessThan(3)
    const parts = inside({ type: 'MultiPolygon', coordinates: [[square(0, 0, 1)], [square(5, 5, 3)]] })
    expect(parts?.lon).toBeCloseTo(6.5)
    expect(inside({ type: 'Point', coordinates: [1, 2] })).toEqual({ lon: 1, lat: 2 })
  })
})

describe('news of layers', () => {
  it('are read, and anything else is not', () => {
    expect(parseChange('{"layer":"reports","epoch":7}')).toEqual({ layer: 'reports', epoch: 7, bbox: null })
    for (const data of ['', 'null', '[]', '{"epoch":7}', '{']) expect(parseChange(data)).toBeNull()
  })
})
