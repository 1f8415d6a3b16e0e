import type { LonLat } from '../../api/types'
import type { Key } from '../../i18n/catalogue'

/** What a person has typed or chosen; numbers as typed, since half a number is a state too. */
export interface Draft {
  lon: string
  lat: string
  accuracy_m: number | null
  category: string
  text: string
  /** On which side of a border the reporter says it is: a ward's identity, `UNSURE`, or nothing. */
  side: string
  contact_name: string
  contact_phone: string
}

export const EMPTY: Draft = {
  lon: '',
  lat: '',
  accuracy_m: null,
  category: '',
  text: '',
  side: '',
  contact_name: '',
  contact_phone: ''
}

/** The answer of a reporter who does not know on which side of the border it is. */
export const UNSURE = '?'

export interface Limits {
  text_min: number
  text_max: number
}

export type Field = 'place' | 'category' | 'text' | 'contact_phone'
export type Faults = Partial<Record<Field, Key>>

/** A degree as typed: a comma is a decimal mark in Viet Nam; null where it is no number. */
export function degree(text: string, most: number): number | null {
  const plain = text.trim().replace(',', '.').replace('−', '-')
  if (!/^[+-]?(\d+\.?\d*|\.\d+)$/.test(plain)) return null
  const value = Number(plain)
  return Math.abs(value) <= most ? value : null
}

export function placeOf(draft: Pick<Draft, 'lon' | 'lat'>): LonLat | null {
  const lon = degree(draft.lon, 180)
  const lat = degree(draft.lat, 90)
  return lon === null || lat === null ? null : { lon, lat }
}

/** Characters as people count them: one for each letter, also where marks are separate code points. */
export function letters(text: string): number {
  return [...text.normalize('NFC').trim()].length
}

/** What still keeps the report from being sent, a key of the catalogue for each field. */
export function faults(draft: Draft, limits: Limits): Faults {
  const found: Faults = {}
  if (draft.lon.trim() === '' && draft.lat.trim() === '') found.place = 'place_needed'
  else if (!placeOf(draft)) found.place = 'place_wrong'
  if (draft.category === '') found.category = 'category_needed'
  const length = letters(draft.text)
  if (length < limits.text_min) found.text = 'text_short'
  else if (length > limits.text_max) found.text = 'text_long'
  const phone = draft.contact_phone.replace(/[\s.()-]/g, '')
  if (phone !== '' && !/^\+?\d{9,15}$/.test(phone)) found.contact_phone = 'contact_phone_wrong'
  return found
}

/** A kept draft; anything that is not one is an empty one. */
export function parseDraft(kept: string | null): Draft {
  try {
    const said = JSON.parse(kept ?? '{}') as Record<string, unknown>
    const text = (name: keyof Draft): string => (typeof said[name] === 'string' ? said[name] : '')
    const accuracy = said['accuracy_m']
    return {
      ...EMPTY,
      lon: text('lon'),
      lat: text('lat'),
      category: text('category'),
      text: text('text'),
      accuracy_m: typeof accuracy === 'number' ? accuracy : null
    }
  } catch {
    return EMPTY
  }
}

/** The multipart form of `POST /api/reports`. */
export function formOf(draft: Draft, place: LonLat, photo: Blob | null): FormData {
  const form = new FormData()
  form.set('lon', place.lon.toFixed(7))
  form.set('lat', place.lat.toFixed(7))
  form.set('category', draft.category)
  form.set('text', draft.text.normalize('NFC').trim())
  if (draft.side !== '' && draft.side !== UNSURE) form.set('chosen_ward', draft.side)
  if (draft.accuracy_m !== null) form.set('accuracy_m', String(Math.round(draft.accuracy_m * 10) / 10))
  if (draft.contact_name.trim() !== '') form.set('contact_name', draft.contact_name.normalize('NFC').trim())
  if (draft.contact_phone.trim() !== '') form.set('contact_phone', draft.contact_phone.trim())
  if (photo) form.set('photo', photo, 'photo.jpg')
  return form
}
