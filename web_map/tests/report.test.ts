import { describe, expect, it } from 'vitest'
import type { Decision } from '../src/api/types'
import { EMPTY, UNSURE, degree, faults, formOf, letters, parseDraft, placeOf, type Draft } from '../src/features/report/fields'
import { fitted } from '../src/features/report/photo'
import { RetryKey } from '../src/features/report/retry-key'
import { standingOf } from '../src/features/report/standing'

const limits = { text_min: 10, text_max: 1000 }
const whole: Draft = { ...EMPTY, lon: '105,63', lat: '10.46', category: 'GT', text: 'Ổ gà lớn trước cổng' }

describe('a place as typed', () => {
  it('takes a comma or a point', () => {
    expect(degree('10,46', 90)).toBe(10.46)
    expect(degree(' -10.5 ', 90)).toBe(-10.5)
    expect(degree('−10.5', 90)).toBe(-10.5)
    expect(placeOf(whole)).toEqual({ lon: 105.63, lat: 10.46 })
  })

  it.each(['', 'x', '1e3', '91', 'NaN', 'Infinity', '1,2,3', '0x10'])('refuses %s', (text) => {
    expect(degree(text, 90)).toBeNull()
  })
})

describe('a report', () => {
  it('is whole or says what is missing', () => {
    expect(faults(whole, limits)).toEqual({})
    expect(faults(EMPTY, limits)).toEqual({
      place: 'place_needed',
      category: 'category_needed',
      text: 'text_short'
    })
    expect(faults({ ...whole, lat: '105.63', lon: '10.46' }, limits).place).toBe('place_wrong')
    expect(faults({ ...whole, text: 'a'.repeat(1001) }, limits).text).toBe('text_long')
    expect(faults({ ...whole, contact_phone: '0912 345 678' }, limits)).toEqual({})
    expect(faults({ ...whole, contact_phone: '12' }, limits).contact_phone).toBe('contact_phone_wrong')
  })

  it('counts letters, not the code points of their marks', () => {
    expect(letters('Ổ gà'.normalize('NFD'))).toBe(4)
    expect(letters('  a ')).toBe(1)
    expect(letters('🐔🐔')).toBe(2)
  })

  it('sends what is there, and nothing empty', () => {
    const form = formOf({ ...whole, accuracy_m: 12.34 }, { lon: 105.63, lat: 10.46 }, new Blob(['x']))
    expect(form.get('lon')).toBe('105.6300000')
    expect(form.get('accuracy_m')).toBe('12.3')
    expect(form.get('photo')).toBeInstanceOf(Blob)
    expect([...formOf(whole, { lon: 1, lat: 2 }, null).keys()].sort()).toEqual(['category', 'lat', 'lon', 'text'])
  })

  it('has one key for all tries, another once anything changed', () => {
    const keys = new RetryKey()
    const photo = new Blob(['x'])
    const first = keys.key(whole, photo)
    expect(first).toMatch(/^[0-9a-f]{32}$/)
    expect(keys.key({ ...whole }, photo)).toBe(first)
    expect(keys.key({ ...whole, text: 'Khác hẳn rồi nhé' }, photo)).not.toBe(first)
    expect(keys.key(whole, null)).not.toBe(first)
  })
})

describe('a kept draft', () => {
  it('comes back without contact data', () => {
    const kept = parseDraft(JSON.stringify({ ...whole, accuracy_m: 8, contact_phone: '0912345678' }))
    expect(kept).toEqual({ ...whole, accuracy_m: 8, contact_phone: '' })
  })

  it.each([null, '', '{', 'null', '[]', '{"text":5}'])('that is %j is an empty one', (kept) => {
    expect(parseDraft(kept)).toEqual(EMPTY)
  })
})

describe('a photo', () => {
  it('is shrunk to 1,600 pixels on its longer side, never enlarged', () => {
    expect(fitted({ width: 4032, height: 3024 })).toEqual({ width: 1600, height: 1200 })
    expect(fitted({ width: 3024, height: 4032 })).toEqual({ width: 1200, height: 1600 })
    expect(fitted({ width: 800, height: 600 })).toEqual({ width: 800, height: 600 })
    expect(fitted({ width: 10000, height: 1 })).toEqual({ width: 1600, height: 1 })
  })
})

describe('a place near a border', () => {
  const ward = (name: string, distance_m: number) => ({
    feature_id: 1, unit_id: name, code: name, name, distance_m, border_m: 12, share: 0.5
  })
  const decision: Decision = {
    body: { id: 'ward', kind: 'ward', title: { vi: 'UBND Phường A', en: "People's Committee, Phường A" } },
    unit: { id: 'A', code: 'A', name: 'A' },
    confidence: 'near_boundary',
    ask_reporter: true,
    triage: null,
    rule: { id: 'ward-default', version: 1 },
    reason: { vi: '', en: '' },
    as_of: '2026-11-22',
    candidates: [ward('B', 12), ward('A', 0)]
  }

  it('asks between the wards, its own first', () => {
    expect(standingOf(decision)).toEqual({ name: 'A', border_m: 12, sides: [{ id: 'A', name: 'A' }, { id: 'B', name: 'B' }] })
  })

  it('asks nobody who stands well inside, and knows what is nobody’s', () => {
    expect(standingOf({ ...decision, ask_reporter: false, confidence: 'inside' })?.sides).toEqual([])
    expect(standingOf({ ...decision, unit: null, candidates: [], ask_reporter: false, triage: 'outside' })).toBeNull()
    expect(standingOf({ ...decision, unit: null, candidates: [], ask_reporter: false })?.name).toBe('UBND Phường A')
  })

  it('sends the ward that the reporter chose as its own field, and none where nothing was said', () => {
    const place = { lon: 105.63, lat: 10.46 }
    const sent = (side: string) => formOf({ ...whole, side }, place, null)
    expect(sent('VN-82-29869').get('chosen_ward')).toBe('VN-82-29869')
    expect(sent('VN-82-29869').get('text')).toBe('Ổ gà lớn trước cổng')
    expect(sent(UNSURE).has('chosen_ward')).toBe(false)
    expect(sent('').has('chosen_ward')).toBe(false)
  })
})
