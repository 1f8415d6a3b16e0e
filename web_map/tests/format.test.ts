import { describe, expect, it } from 'vitest'
import { bytes, dateTime, day, degrees, metres, number, rate, value } from '../src/i18n/format'

describe('numbers and dates', () => {
  it('are written as in Viet Nam', () => {
    expect(number(1234.5, 'vi')).toBe('1.234,5')
    expect(number(1234.5, 'en')).toBe('1,234.5')
    expect(number(0.00004, 'vi', 4)).toBe('0')
    expect(number(1000000, 'vi')).toBe('1.000.000')
  })

  it('keep two figures of small rates', () => {
    expect(rate(0.0512, 'vi')).toBe('0,051')
    expect(rate(2, 'vi')).toBe('2')
    expect(rate(1234.6, 'vi')).toBe('1.235')
  })

  it('put instants on the calendar of the province', () => {
    expect(dateTime('2026-11-21T17:30:00Z')).toBe('22/11/2026 00:30')
    expect(dateTime('2026-11-21T10:05:00+07:00')).toBe('21/11/2026 10:05')
    expect(dateTime('no date')).toBe('no date')
    expect(day('2026-11-05')).toBe('05/11/2026')
  })

  it('say lengths, sizes and degrees', () => {
    expect(metres(12.4, 'vi')).toBe('12 m')
    expect(metres(1234, 'vi')).toBe('1,2 km')
    expect(bytes(640_200, 'vi')).toBe('641 KB')
    expect(bytes(2_400_000, 'vi')).toBe('2,4 MB')
    expect(degrees(105.6321449)).toBe('105.63214')
  })

  it('make a value of any kind readable', () => {
    const shown = (raw: Parameters<typeof value>[0]): string => value(raw, 'vi', 'Có', 'Không')
    expect(shown(null)).toBe('–')
    expect(shown('')).toBe('–')
    expect(shown(true)).toBe('Có')
    expect(shown(1234.56)).toBe('1.234,56')
    expect(shown('2026-01-31')).toBe('31/01/2026')
    // A range of the planning dossier stays as it is written.
    expect(shown('40–60')).toBe('40–60')
  })
})
