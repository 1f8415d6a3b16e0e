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
