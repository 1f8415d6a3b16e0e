import type { LonLat } from '../api/types'
import { isDay } from '../features/day/days'
import type { Lang } from '../i18n/catalogue'

/** What an address says: a link brings another person to the same view. */
export interface UrlState {
  lang: Lang | null
  camera: { lon: number; lat: number; zoom: number } | null
  layers: readonly string[] | null
  /** The day that the map shows; null is today. */
  day: string | null
  place: LonLat | null
  selected: { layer: string; id: number } | null
  view: 'map' | 'report' | 'track' | 'hotspots'
  code: string | null
  hotspots: HotUrl
}

/** The question about hotspots; a part is null where it is at its default. */
export type HotUrl = Readonly<Record<keyof typeof HOT, string | null>>

const NAME = /^[a-z][a-z0-9_]{0,48}$/
const DAY = /^\d{4}-\d{2}-\d{2}$/
const CODE = /^[A-Za-z0-9-]{1,40}$/
const WORD = /^[A-Za-z0-9_-]{1,40}$/
/** By part: its name in the address, and what it may be. */
const HOT = {
  mode: ['mode', /^(heat|signal|emerging|compare)$/],
  from: ['from', DAY],
  to: ['to', DAY],
  from2: ['from2', DAY],
  to2: ['to2', DAY],
  category: ['cat', WORD],
  channel: ['channel', WORD],
  group: ['group', WORD],
  cell: ['cell', /^8[0-9a-f]{14}$/],
  over: ['over', /^1$/]
} as const satisfies Record<string, readonly [string, RegExp]>
const PARTS = Object.keys(HOT) as (keyof typeof HOT)[]
export const NO_QUESTION = Object.fromEntries(PARTS.map((part) => [part, null])) as HotUrl

function numbers(text: string | null, count: number): number[] | null {
  const found = text?.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part))) ?? []
  return found.length === count && found.every(Number.isFinite) ? found : null
}

function place(text: string | null): LonLat | null {
  const [lon, lat] = numbers(text, 2) ?? []
  if (lon === undefined || lat === undefined || Math.abs(lon) > 180 || Math.abs(lat) > 90) return null
  return { lon, lat }
}

function camera(text: string | null): UrlState['camera'] {
  const [lon, lat, zoom] = numbers(text, 3) ?? []
  if (lon === undefined || lat === undefined || zoom === undefined) return null
  if (Math.abs(lon) > 180 || Math.abs(lat) > 85 || zoom < 0 || zoom > 24) return null
  return { lon, lat, zoom }
}

function selected(text: string | null): UrlState['selected'] {
  const [layer, id, ...rest] = text?.split(':') ?? []
  if (layer === undefined || id === undefined || rest.length > 0) return null
  const parsed = Number(id)
  return NAME.test(layer) && Number.isSafeInteger(parsed) ? { layer, id: parsed } : null
}

function matching(text: string | null, shape: RegExp): string | null {
  return text !== null && shape.test(text) ? text : null
}

function view(path: string, asked: string | null, code: string | null): UrlState['view'] {
  if (path.startsWith('/theo-doi')) return 'track'
  if (path.startsWith('/gui-phan-anh')) return 'report'
  if (asked === 'report' || asked === 'track' || asked === 'hotspots') return asked
  return code !== null ? 'track' : 'map'
}

/** Read an address; parts that are wrong are as if they were absent. */
export function parse(path: string, search: string): UrlState {
  const query = new URLSearchParams(search)
  const asked = query.get('lang')
  const layers = query.get('layers')
  const code = matching(query.get('code'), CODE)
  const day = query.get('d')
  return {
    lang: asked === 'en' || asked === 'vi' ? asked : null,
    camera: camera(query.get('c')),
    layers: layers === null ? null : layers.split(',').filter((name) => NAME.test(name)),
    day: isDay(day) ? day : null,
    place: place(query.get('at')),
    selected: selected(query.get('sel')),
    view: view(path, query.get('view'), code),
    code,
    hotspots: Object.fromEntries(PARTS.map((part) => [part, matching(query.get(HOT[part][0]), HOT[part][1])])) as HotUrl
  }
}

const short = (value: number, digits: number): string => String(Number(value.toFixed(digits)))

/** The address of a state, path and query; what is at its default is left out. */
export function format(state: UrlState): string {
  const query: string[] = []
  const add = (name: string, value: string | null): void => {
    // Commas and colons are allowed in a query (RFC 3986 §3.4) and read better unescaped.
    if (value !== null) query.push(`${name}=${encodeURIComponent(value).replace(/%2C/g, ',').replace(/%3A/g, ':')}`)
  }
  const { camera: c, place: p, selected: s } = state
  add('view', state.view === 'hotspots' ? state.view : null)
  add('code', state.view === 'track' ? state.code : null)
  add('c', c && [short(c.lon, 5), short(c.lat, 5), short(c.zoom, 2)].join(','))
  add('layers', state.layers && state.layers.join(','))
  add('d', state.day)
  add('at', p && [short(p.lon, 6), short(p.lat, 6)].join(','))
  add('sel', s && `${s.layer}:${s.id}`)
  if (state.view === 'hotspots') {
    for (const part of PARTS) add(HOT[part][0], state.hotspots[part])
  }
  add('lang', state.lang === 'en' ? 'en' : null)
  const path = { track: '/theo-doi/', report: '/gui-phan-anh/', map: '/', hotspots: '/' }[state.view]
  return query.length === 0 ? path : `${path}?${query.join('&')}`
}
