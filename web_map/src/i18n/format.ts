import type { Lang } from './catalogue'

const LOCALE: Readonly<Record<Lang, string>> = { vi: 'vi-VN', en: 'en-GB' }
const ZONE = 'Asia/Ho_Chi_Minh'

/** `1234.5` → `1.234,5` (vi) or `1,234.5` (en), with at most `digits` decimals. */
export function number(value: number, lang: Lang, digits = 1): string {
  return new Intl.NumberFormat(LOCALE[lang], { maximumFractionDigits: digits }).format(value)
}

/** A density or rate: two significant digits below 10, whole numbers above. */
export function rate(value: number, lang: Lang): string {
  if (value >= 10) return number(value, lang, 0)
  return new Intl.NumberFormat(LOCALE[lang], { maximumSignificantDigits: 2 }).format(value)
}

function parts(instant: Date): Record<string, string> {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: ZONE,
    day: '2-digit',
    month: '2-digit',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23'
  })
  return Object.fromEntries(format.formatToParts(instant).map((part) => [part.type, part.value]))
}

/** An instant on the province's calendar: `21/11/2026 14:05`; the text itself where it is no date. */
export function dateTime(iso: string): string {
  const instant = new Date(iso)
  if (Number.isNaN(instant.getTime())) return iso
  const at = parts(instant)
  return `${at['day']}/${at['month']}/${at['year']} ${at['hour']}:${at['minute']}`
}

/** A calendar day `2026-11-21` → `21/11/2026`. */
export function day(iso: string): string {
  const found = /^(\d{4})-(\d{2})-(\d{2})/.exec(iso)
  return found ? `${found[3]}/${found[2]}/${found[1]}` : iso
}

/** A length in metres as people say it: `850 m`, `1,2 km`. */
export function metres(value: number, lang: Lang): string {
  return value < 1000 ? `${number(value, lang, 0)} m` : `${number(value / 1000, lang, 1)} km`
}

/** Degrees with five decimals (about one metre), always with a point: the form people paste elsewhere. */
export function degrees(value: number): string {
  return value.toFixed(5)
}

/** A size of a file: `640 KB`, `2,4 MB`. */
export function bytes(value: number, lang: Lang): string {
  return value < 1_000_000
    ? `${number(Math.ceil(value / 1000), lang, 0)} KB`
    : `${number(value / 1_000_000, lang, 1)} MB`
}

const SHAPES: readonly [RegExp, (text: string) => string][] = [
  [/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/, dateTime],
  [/^\d{4}-\d{2}-\d{2}$/, day]
]

/** A value of an attribute as people read it; `yes` and `no` are the words for truth. */
export function value(
  raw: string | number | boolean | null,
  lang: Lang,
  yes: string,
  no: string
): string {
  if (raw === null || raw === '') return '–'
  if (typeof raw === 'boolean') return raw ? yes : no
  if (typeof raw === 'number') return number(raw, lang, 4)
  return SHAPES.find(([shape]) => shape.test(raw))?.[1](raw) ?? raw
}
