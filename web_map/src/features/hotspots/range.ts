/** A span of calendar days, both ends within it, as `YYYY-MM-DD`. */
export interface Range {
  from: string
  to: string
}

const DAY_MS = 86_400_000
const DAY = /^\d{4}-\d{2}-\d{2}$/

/** Today in the province (UTC+7 all year), as `YYYY-MM-DD`. */
export function today(now: Date = new Date()): string {
  return new Date(now.getTime() + 7 * 3_600_000).toISOString().slice(0, 10)
}

/** The day `days` days later (earlier where negative). */
export function shifted(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10)
}

/** The last `days` days up to and with `end`. */
export function last(days: number, end: string): Range {
  return { from: shifted(end, 1 - days), to: end }
}

/** The last whole day before an open end such as `2026-11-01T00:00:00+07:00`, as the province writes it. */
export function lastDay(end: unknown): string | null {
  const day = typeof end === 'string' ? end.slice(0, 10) : ''
  return DAY.test(day) ? shifted(day, -1) : null
}

/** Whether both ends are days of the calendar and in order. */
export function isRange({ from, to }: Range): boolean {
  const real = (day: string): boolean => DAY.test(day) && !Number.isNaN(Date.parse(`${day}T00:00:00Z`))
  return real(from) && real(to) && from <= to
}

/** Whether a range is one of the presets ending on `end`. */
export function presetOf(range: Range, end: string, presets: readonly number[]): number | null {
  return presets.find((days) => range.to === end && range.from === shifted(end, 1 - days)) ?? null
}

/** How many days a range has. */
export const length = ({ from, to }: Range): number =>
  Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY_MS) + 1

/** The month after `YYYY-MM` (or before it, where `by` is negative). */
export function nextMonth(month: string, by = 1): string {
  const at = Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1 + by
  return `${Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, '0')}`
}

/** All months from the first to the last, both within. */
export function months(first: string, end: string): string[] {
  const found: string[] = []
  for (let month = first; month <= end && found.length < 1200; month = nextMonth(month)) found.push(month)
  return found
}

/** Whole months as a range of days. */
export const ofMonths = (first: string, end: string): Range => ({
  from: `${first}-01`,
  to: shifted(`${nextMonth(end)}-01`, -1)
})

/**
 * The pictures of a play through a range: its days in turn up to two weeks, its weeks up to half a year, else its
 * months; the public always sees months. A last part that is shorter than the others is shown as it is.
 */
export function frames(range: Range, byMonth: boolean): Range[] {
  const days = length(range)
  if (byMonth || days > 190) {
    return months(range.from.slice(0, 7), range.to.slice(0, 7)).map((month) => {
      const whole = ofMonths(month, month)
      return { from: whole.from < range.from ? range.from : whole.from, to: whole.to > range.to ? range.to : whole.to }
    })
  }
  const step = days > 14 ? 7 : 1
  return Array.from({ length: Math.ceil(days / step) }, (_, index) => {
    const from = shifted(range.from, index * step)
    const to = shifted(from, step - 1)
    return { from, to: to > range.to ? range.to : to }
  })
}
