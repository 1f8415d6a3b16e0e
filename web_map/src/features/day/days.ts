const DAY = /^(\d{4})-(\d{2})-(\d{2})$/
const FIRST_YEAR = 1900
const LAST_YEAR = 2100

/** Days that people ask for: the last of the old wards and the first of the new, all over the country. */
export const NAMED_DAYS = ['2025-06-30', '2025-07-01'] as const

/** Whether a text is a day of the calendar, `YYYY-MM-DD`, in the years that boundaries are known of. */
export function isDay(text: string | null): text is string {
  const [, year, month, date] = DAY.exec(text ?? '') ?? []
  if (!year || !month || !date) return false
  const read = new Date(Date.UTC(Number(year), Number(month) - 1, Number(date)))
  // A date field of a browser gives 0002-01-01 while a year is being typed.
  return Number(year) >= FIRST_YEAR && Number(year) <= LAST_YEAR && read.toISOString().startsWith(text ?? '')
}

/** The day of an instant on Viet Nam's calendar (UTC+7 all year). */
export function dayOf(instant: Date): string {
  return new Date(instant.getTime() + 7 * 3_600_000).toISOString().slice(0, 10)
}

/** The day before a day of the calendar. */
export function dayBefore(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10)
}

/** The day to show for a day that was asked for: null is today, which follows the calendar by itself. */
export function chosenDay(asked: string | null, today: string): string | null {
  return isDay(asked) && asked !== today ? asked : null
}
