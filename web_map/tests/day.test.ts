import { describe, expect, it } from 'vitest'
import { NAMED_DAYS, chosenDay, dayOf, isDay } from '../src/features/day/days'

describe('a day', () => {
  it.each(['2025-06-30', '2024-02-29', '1976-01-01', ...NAMED_DAYS])('is %s', (text) => {
    expect(isDay(text)).toBe(true)
  })

  it.each(['', '2025-02-29', '2025-13-01', '30/06/2025', '0002-01-01', '2025-6-30', ' 2025-06-30'])('is not %s', (text) => {
    expect(isDay(text)).toBe(false)
  })

  it('begins at midnight in Viet Nam', () => {
    expect(dayOf(new Date('2025-06-30T16:59:59Z'))).toBe('2025-06-30')
    expect(dayOf(new Date('2025-06-30T17:00:00Z'))).toBe('2025-07-01')
  })
})

describe('the day of the map', () => {
  it('is today unless another day was asked for', () => {
    expect(chosenDay('2025-06-30', '2026-11-21')).toBe('2025-06-30')
    expect(chosenDay('2026-11-21', '2026-11-21')).toBeNull()
    expect(chosenDay(null, '2026-11-21')).toBeNull()
    expect(chosenDay('2025-02-30', '2026-11-21')).toBeNull()
  })
})
