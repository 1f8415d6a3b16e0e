import { describe, expect, it, vi } from 'vitest'
import { layers } from '../src/api/client'
import { passOn, triage } from '../src/api/staff'
import { OTHER_WARD, REFUSE, wishOf } from '../src/features/staff/wish'
import { isOpen, isRule, kindKey, reasonOf, trackingCode, triageKey } from '../src/features/staff/words'
import { candidateBox, candidateFeatures, contains, labelPlace, nearestOnBorder } from '../src/map/candidates'
import { authorization, isToken, setToken, token } from '../src/state/token.svelte'

describe('a hand-over', () => {
  it('goes to a ward, to another body or back', () => {
    expect(wishOf(`${OTHER_WARD}29869`, '', 'lý do')).toEqual({ reason: 'lý do', body: 'ward', unit: '29869' })
    expect(wishOf(OTHER_WARD, '30076', 'lý do')).toEqual({ reason: 'lý do', body: 'ward', unit: '30076' })
    expect(wishOf('water-company', '30076', 'lý do')).toEqual({ reason: 'lý do', body: 'water-company' })
    expect(wishOf(REFUSE, '', 'lý do')).toEqual({ reason: 'lý do', refuse: true })
  })

  it('waits until the choice is whole', () => {
    expect(wishOf('', '', 'lý do')).toBeNull()
    expect(wishOf(OTHER_WARD, '', 'lý do')).toBeNull()
  })

  it('has a reason of 5 to 500 characters', () => {
    expect(reasonOf('  sai phường ')).toBe('sai phường')
    expect(reasonOf('  sai ')).toBeNull()
    expect(reasonOf('a'.repeat(501))).toBeNull()
    expect(reasonOf('phườ'.normalize('NFD'))).toBeNull()
  })
})

describe('words for staff', () => {
  it('know every kind of waiting, and say a new one in general', () => {
    expect(triageKey('overlap')).toBe('triage_overlap')
    expect(triageKey('eclipse')).toBe('triage_other')
    expect(kindKey('merger')).toBe('way_merger')
    expect(kindKey('eclipse')).toBe('way_other')
  })

  it('name a rule where one decided', () => {
    expect(isRule('ward-default')).toBe(true)
    expect(['person', 'merger'].map(isRule)).toEqual([false, false])
  })

  it('say whether anything is left to do', () => {
    expect(isOpen('in_progress')).toBe(true)
    expect(['closed', 'rejected', 'duplicate'].map(isOpen)).toEqual([false, false, false])
  })

  it('find a tracking code among the rows of a report, and no other code', () => {
    expect(trackingCode([{ name: 'category', value: 'GT' }, { name: 'code', value: 'DT-7K3M-9QXF' }])).toBe('DT-7K3M-9QXF')
    expect(trackingCode([{ name: 'code', value: '29869' }])).toBeNull()
    expect(trackingCode([])).toBeNull()
  })
})

describe('a token', () => {
  it('becomes a header, and nothing where nobody is signed in', () => {
    expect(authorization()).toEqual({})
    setToken('dbn_0123456789')
    expect(authorization()).toEqual({ authorization: 'Bearer dbn_0123456789' })
    setToken(null)
    expect(token()).toBeNull()
    expect(authorization()).toEqual({})
  })

  it('has no spaces and no letters that a header cannot carry', () => {
    expect(isToken('dbn_0123456789')).toBe(true)
    for (const text of ['', 'short', 'two words here', 'mã-truy-cập-của-tôi', 'a\nbcdefghij']) expect(isToken(text)).toBe(false)
  })
})

describe('the candidates on the map', () => {
  const place = { lon: 105.6, lat: 10.4 }
  const square = (west: number): GeoJSON.Polygon => ({
    type: 'Polygon',
    coordinates: [[[west, 10.3], [west + 0.1, 10.3], [west + 0.1, 10.5], [west, 10.5], [west, 10.3]]]
  })

  it('have their nearest border straight ahead', () => {
    expect(nearestOnBorder(square(105.601), place)?.lon).toBeCloseTo(105.601, 9)
    expect(nearestOnBorder(square(105.601), place)?.lat).toBeCloseTo(10.4, 9)
    expect(nearestOnBorder({ type: 'MultiPolygon', coordinates: [square(105.7).coordinates, square(105.602).coordinates] }, place)?.lon).toBeCloseTo(105.602, 9)
    expect(nearestOnBorder({ type: 'Point', coordinates: [105, 10] }, place)).toBeNull()
  })

  it('are named on their own sides of the border, wherever the place lies', () => {
    const [own, other] = [square(105.5005), square(105.6005)]
    const named = (ground: GeoJSON.Polygon, at = place) => labelPlace(ground, at, nearestOnBorder(ground, at) ?? at)
    expect(named(own).lon).toBeLessThan(place.lon)
    expect(named(other).lon).toBeGreaterThan(105.6005)
    // Exactly on the border: each name still stands in its own ward.
    const between = { lon: 105.6005, lat: 10.4 }
    expect(contains(own, named(own, between))).toBe(true)
    expect(contains(other, named(other, between))).toBe(true)
  })

  it('know what lies in them, and not in their holes', () => {
    const [ring] = square(105.6).coordinates
    const hole = [[105.64, 10.38], [105.66, 10.38], [105.66, 10.42], [105.64, 10.42], [105.64, 10.38]]
    const ground: GeoJSON.Polygon = { type: 'Polygon', coordinates: [ring ?? [], hole] }
    expect(contains(ground, { lon: 105.61, lat: 10.4 })).toBe(true)
    expect(contains(ground, { lon: 105.65, lat: 10.4 })).toBe(false)
    expect(contains(ground, { lon: 105.59, lat: 10.4 })).toBe(false)
  })

  it('are drawn as areas, ways and names, which are all in view', () => {
    const drawn = candidateFeatures(place, [
      { geometry: square(105.5005), label: 'A', chosen: true },
      { geometry: square(105.6005), label: 'B', chosen: false }
    ])
    expect(drawn.features.map(({ properties }) => `${properties?.['part']}${properties?.['label']}`)).toEqual([
      'areaA', 'wayA', 'nameA', 'areaB', 'wayB', 'nameB'
    ])
    const [west, , east] = candidateBox(place, drawn)
    expect(west).toBeLessThan(place.lon)
    expect(east).toBeGreaterThan(105.6005)
  })
})

describe('a token that has ended', () => {
  const answer = (status: number, body: unknown): Response => new Response(JSON.stringify(body), { status })
  const sent: (string | null)[] = []

  /** A server that knows no token; `open` are the doors of the public. */
  function serve(open: string): void {
    sent.length = 0
    vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
      const who = new Headers(init.headers).get('authorization')
      sent.push(who)
      if (who !== null) return answer(401, { detail: 'Mã truy cập không đúng hoặc đã hết hạn.' })
      return url === open ? answer(200, { layers: [] }) : answer(401, { detail: 'Chỉ dành cho cán bộ.' })
    })
    setToken('dbn_0123456789')
  }

  it('ends the sign-in, and the public reads on', async () => {
    serve('/api/layers')
    await expect(layers()).resolves.toEqual([])
    expect(sent).toEqual(['Bearer dbn_0123456789', null])
    expect(token()).toBeNull()
  })

  it('is named as the reason at the doors of staff, and what is sent is not sent twice', async () => {
    serve('/api/layers')
    await expect(triage(0)).rejects.toMatchObject({ status: 401, words: { vi: 'Mã truy cập không đúng hoặc đã hết hạn.' } })
    serve('/api/layers')
    await expect(passOn('DT-7K3M-9QXF', { reason: 'sai phường', refuse: true })).rejects.toMatchObject({ status: 401 })
    expect(sent).toHaveLength(1)
  })
})
