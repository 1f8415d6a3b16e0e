import { describe, expect, it } from 'vitest'
import type { Unit } from '../src/api/client'
import type { ReplayAnswer, Rule, RuleSet } from '../src/api/staff'
import { dayBefore } from '../src/features/day/days'
import { hitOf } from '../src/features/search/other-days'
import { boxOf, dotsOf, sideOf } from '../src/features/staff/replay.svelte'
import { draftOf, faultPlace, formOfRule, NEW_RULE, ruleOfForm } from '../src/features/staff/rules'

const rule: Rule = {
  id: 'duong-tinh',
  priority: 20,
  body: 'so-xay-dung',
  categories: ['GT', 'CS'],
  units: null,
  layer: 'roads',
  within_m: 15,
  road_classes: null,
  weekdays: [6, 7],
  hours: ['17:00', '07:00'],
  valid_from: null,
  valid_to: '2026-12-31',
  outside: false
}

describe('a rule in its form', () => {
  it('comes out as it went in', () => {
    expect(ruleOfForm(formOfRule(rule))).toEqual(rule)
    const open: Rule = { ...rule, categories: null, layer: null, within_m: 0, weekdays: null, hours: null, valid_to: null }
    expect(ruleOfForm(formOfRule(open))).toEqual(open)
  })

  it('takes lists with commas, semicolons or spaces', () => {
    const { categories, weekdays } = ruleOfForm({ ...NEW_RULE, categories: 'GT; CS,MT', weekdays: '1 2' })
    expect(categories).toEqual(['GT', 'CS', 'MT'])
    expect(weekdays).toEqual([1, 2])
  })

  it('sends what is no number as it was typed, so that the door says what is wrong', () => {
    expect(ruleOfForm({ ...NEW_RULE, priority: 'đầu' }).priority).toBe('đầu')
    expect(ruleOfForm({ ...NEW_RULE, hour_from: '17:00' }).hours).toEqual(['17:00', ''])
  })

  it('is saved on top of the version that was read', () => {
    const set: RuleSet = { version: 4, overlap: 'triage', bodies: [], rules: [rule] }
    expect(draftOf(set, [formOfRule(rule)], 'ghi chú')).toEqual({
      based_on: 4, note: 'ghi chú', overlap: 'triage', bodies: [], rules: [rule]
    })
  })
})

describe('a complaint of the door', () => {
  const forms = [formOfRule(rule), { ...NEW_RULE, id: 'thoat-nuoc' }]

  it('stands at the rule and field that it names', () => {
    expect(faultPlace('rules[1].hours', '', forms)).toEqual({ rule: 1, field: 'hour_from' })
    expect(faultPlace('rules[0].categories', '', forms)).toEqual({ rule: 0, field: 'categories' })
    expect(faultPlace('rules[0]', '', forms)).toEqual({ rule: 0, field: null })
    expect(faultPlace('rules[0].toString', '', forms)?.field).toBeNull()
  })

  it('about the whole set stands at the first rule that it names in quotation marks', () => {
    const words = 'Bộ quy tắc không được lưu. «thoat-nuoc»: cùng ưu tiên 20 với «duong-tinh».'
    expect(faultPlace(null, words, [forms[1]!])).toEqual({ rule: 0, field: null })
    expect(faultPlace(null, 'Có bản quy tắc mới hơn.', forms)).toBeNull()
    expect(faultPlace('note', '', forms)).toBeNull()
  })
})

describe('a replay', () => {
  const blank = { version: '', day: '' }

  it('asks its sides as the door takes them', () => {
    expect(sideOf({ ...blank, way: 'decided' }, null)).toEqual({ decided: true })
    expect(sideOf({ ...blank, way: 'current' }, null)).toEqual({})
    expect(sideOf({ way: 'version', version: '3', day: '' }, null)).toEqual({ rules: 3 })
    expect(sideOf({ way: 'day', version: '', day: '2025-06-30' }, null)).toEqual({ day: '2025-06-30' })
    const draft = draftOf({ version: 1, overlap: 'smaller', bodies: [], rules: [] }, [], '')
    expect(sideOf({ ...blank, way: 'draft' }, draft)).toEqual({ rules: draft })
  })

  it('waits until a side is whole', () => {
    for (const version of ['', '0', '-1', '1.5', 'x']) expect(sideOf({ way: 'version', version, day: '' }, null)).toBeNull()
    expect(sideOf({ ...blank, way: 'day' }, null)).toBeNull()
    expect(sideOf({ ...blank, way: 'draft' }, null)).toBeNull()
  })

  it('draws what differs', () => {
    const point = (lon: number, lat: number) => ({
      type: 'Feature' as const,
      geometry: { type: 'Point' as const, coordinates: [lon, lat] },
      properties: { code: 'DT-1', a: 'A', b: 'B', reason_a: '', reason_b: '' }
    })
    const features = [point(105.6, 10.5), point(105.7, 10.4)]
    const answer: ReplayAnswer = {
      reports: 3, same: 1, different: 2, triage: { a: 0, b: 0 }, table: [],
      map: { type: 'FeatureCollection', features }, map_complete: true
    }
    expect(dotsOf(answer).features.map(({ properties }) => properties)).toEqual(
      features.map(() => ({ part: 'dot', label: 'A → B', chosen: true }))
    )
    expect(boxOf(features)).toEqual([105.6, 10.4, 105.7, 10.5])
    expect(boxOf([])).toBeNull()
  })
})

describe('a ward of another day', () => {
  const unit: Unit = {
    id: 'x', feature_id: 7, code: '27007', name: 'Phường 15', province_name: 'Thành phố Hồ Chí Minh',
    district_name: 'Quận Tân Bình', valid_from: '2008-01-01', valid_to: '2025-07-01', bbox: [106, 10, 107, 11]
  }
  const title = { vi: 'Đơn vị hành chính', en: 'Administrative units' }

  it('is found on its last day where it has ended', () => {
    const hit = hitOf(unit, title, '2026-11-22')
    expect(hit.day).toBe('2025-06-30')
    expect(hit.subtitle).toEqual({
      vi: 'Quận Tân Bình, Thành phố Hồ Chí Minh · đến 30/06/2025',
      en: 'Quận Tân Bình, Thành phố Hồ Chí Minh · until 30/06/2025'
    })
  })

  it('is found on its first day where it has not begun', () => {
    const hit = hitOf({ ...unit, district_name: null, valid_from: '2025-07-01', valid_to: null }, title, '2020-01-01')
    expect(hit.day).toBe('2025-07-01')
  })

  it('has a day before, over months and leap years', () => {
    expect(dayBefore('2025-07-01')).toBe('2025-06-30')
    expect(dayBefore('2024-03-01')).toBe('2024-02-29')
    expect(dayBefore('2026-01-01')).toBe('2025-12-31')
  })
})
