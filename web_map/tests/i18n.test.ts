import { describe, expect, it } from 'vitest'
import { catalogues, words, type Key } from '../src/i18n/catalogue'

const keys = Object.keys(catalogues.vi) as Key[]
const holes = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((hole) => hole[1] ?? '').sort()

describe('the catalogues', () => {
  it('have the same keys', () => {
    expect(keys.length).toBeGreaterThan(100)
    expect(Object.keys(catalogues.en).sort()).toEqual([...keys].sort())
  })

  it.each(keys)('%s has words and the same places for values in both languages', (key) => {
    expect(catalogues.vi[key].trim()).not.toBe('')
    expect(catalogues.en[key].trim()).not.toBe('')
    expect(holes(catalogues.en[key])).toEqual(holes(catalogues.vi[key]))
  })

  it('are composed Unicode, as the font has no loose marks', () => {
    for (const text of [...Object.values(catalogues.vi), ...Object.values(catalogues.en)]) {
      expect(text).toBe(text.normalize('NFC'))
    }
  })

  it('put values in', () => {
    expect(words('vi', 'at_found', { count: 3 })).toBe('Tìm thấy 3 đối tượng')
    expect(words('en', 'at_found', { count: 3 })).toBe('3 features found')
    expect(words('vi', 'at_found')).toContain('{count}')
  })
})
