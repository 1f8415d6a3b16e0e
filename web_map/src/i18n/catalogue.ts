import { en } from './en'
import { vi } from './vi'

export type Lang = 'vi' | 'en'
export type Key = keyof typeof vi
export type Values = Readonly<Record<string, string | number>>

export const catalogues: Readonly<Record<Lang, Readonly<Record<Key, string>>>> = { vi, en }

/** The words of `key` with `{name}` replaced from `values`. */
export function words(lang: Lang, key: Key, values: Values = {}): string {
  return catalogues[lang][key].replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name]
    return value === undefined ? whole : String(value)
  })
}
