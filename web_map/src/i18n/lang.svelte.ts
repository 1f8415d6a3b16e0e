import type { Key, Lang, Values } from './catalogue'
import { words } from './catalogue'

const KEPT = 'diaban.lang'

let current = $state<Lang>('vi')

/** The language now; reading it in a template keeps the template up to date. */
export function lang(): Lang {
  return current
}

/** Speak `next` from now on, and remember it on this machine. */
export function setLang(next: Lang): void {
  current = next
  document.documentElement.lang = next
  try {
    localStorage.setItem(KEPT, next)
  } catch {
    // Storage may be refused; the address keeps the language all the same.
  }
}

/** The language of the address, else the one kept, else Vietnamese. */
export function firstLang(asked: Lang | null): Lang {
  if (asked) return asked
  try {
    return localStorage.getItem(KEPT) === 'en' ? 'en' : 'vi'
  } catch {
    return 'vi'
  }
}

/** The words of the interface. */
export function t(key: Key, values?: Values): string {
  return words(current, key, values)
}

/** A text of the data in the language now; a plain string is said as it stands. */
export function say(text: { vi: string; en?: string } | string | null | undefined): string {
  if (text === null || text === undefined) return ''
  return typeof text === 'string' ? text : text[current] || text.vi
}
