import { authorization, setToken, token } from '../state/token.svelte'
import { Problem, fromAnswer, isAbort, unreachable } from './problem'
import type {
  AtLayer,
  Bbox,
  Category,
  Config,
  Decision,
  LayerInfo,
  LonLat,
  ReportState,
  SearchHit
} from './types'

type Query = Record<string, string | number | null | undefined>

/** The address of a door with its query; empty values are left out. */
export function address(path: string, query: Query = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') search.set(name, String(value))
  }
  const text = search.toString()
  return text === '' ? path : `${path}?${text}`
}

async function body(answer: Response): Promise<unknown> {
  try {
    return await answer.json()
  } catch (thrown) {
    if (isAbort(thrown)) throw thrown
    return null
  }
}

/** JSON of one door; throws `Problem`, or the abort of `signal`. */
export const get = <T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> =>
  ask(address(path, query), signal ? { signal } : {})

/** The same for a JSON body that is sent. */
export const post = <T>(path: string, content: unknown): Promise<T> =>
  ask(path, { method: 'POST', body: JSON.stringify(content) })

export const put = <T>(path: string, content: unknown): Promise<T> =>
  ask(path, { method: 'PUT', body: JSON.stringify(content) })

async function ask<T>(url: string, init: RequestInit): Promise<T> {
  const asked = token()
  const headers: Record<string, string> = { accept: 'application/json', ...authorization() }
  if (init.body) headers['content-type'] = 'application/json'
  let answer: Response
  try {
    answer = await fetch(url, { ...init, headers })
  } catch (thrown) {
    if (isAbort(thrown)) throw thrown
    throw unreachable()
  }
  const said = await body(answer)
  if (answer.status === 401 && asked !== null) return signedOut<T>(url, init, asked, fromAnswer(401, said))
  if (!answer.ok) throw fromAnswer(answer.status, said)
  if (said === null) throw new Problem(fromAnswer(500, null).words, 500)
  return said as T
}

/** A token that has ended ends the sign-in; what the public may read is read as the public. */
async function signedOut<T>(url: string, init: RequestInit, ended: string, problem: Problem): Promise<T> {
  if (ended === token()) setToken(null)
  if (init.body) throw problem
  try {
    return await ask<T>(url, init)
  } catch (thrown) {
    throw thrown instanceof Problem && thrown.status === 401 ? problem : thrown
  }
}

const degrees = (value: number): string => value.toFixed(6)

export const config = (): Promise<Config> => get('/api/config')

export const layers = async (): Promise<LayerInfo[]> =>
  (await get<{ layers: LayerInfo[] }>('/api/layers')).layers

export const style = (name: string): Promise<unknown> => get(`/styles/${encodeURIComponent(name)}.json`)

/** Features that hold the words, in force on a day (null: today). */
export const search = async (q: string, day: string | null, signal: AbortSignal): Promise<SearchHit[]> =>
  (await get<{ results: SearchHit[] }>('/api/search', { q, limit: 8, at: day }, signal)).results

/** Everything of the named layers within `tolerance_m` metres of a place, on a day (null: today). */
export const at = async (
  place: LonLat,
  tolerance_m: number,
  names: readonly string[],
  day: string | null,
  signal: AbortSignal
): Promise<AtLayer[]> =>
  (
    await get<{ results: AtLayer[] }>(
      '/api/at',
      {
        lon: degrees(place.lon),
        lat: degrees(place.lat),
        tolerance_m: tolerance_m.toFixed(1),
        layers: names.join(','),
        at: day
      },
      signal
    )
  ).results

export interface Case {
  category?: string
  /** The moment of receipt; now where it is left out. */
  at?: string
  accuracy_m?: number | null
}

/** Who gets a case of this place, and why; nothing is stored. */
export const explain = async (place: LonLat, asked: Case, signal?: AbortSignal): Promise<Decision> =>
  (
    await get<{ decision: Decision }>(
      '/api/routing/explain',
      { lon: degrees(place.lon), lat: degrees(place.lat), ...asked },
      signal
    )
  ).decision

export const categories = async (): Promise<Category[]> =>
  (await get<{ categories: Category[] }>('/api/reports/categories')).categories

export const report = (code: string): Promise<ReportState> =>
  get(`/api/reports/${encodeURIComponent(code)}`)

/** One feature as GeoJSON, through the door that other programs use too. */
export const item = (layer: string, id: number): Promise<GeoJSON.Feature> =>
  get(`/ogc/collections/${encodeURIComponent(layer)}/items/${id}`, { f: 'json' })

/** A unit of a day; those of other days say when they were in force. */
export interface Unit {
  id: string
  feature_id: number
  code: string
  name: string
  province_name: string | null
  district_name: string | null
  valid_from: string
  valid_to: string | null
  bbox: Bbox
}

/** Units that bear a name on a day (null: today), and those that bore it on other days. */
export const unitsNamed = (
  name: string,
  day: string | null,
  signal?: AbortSignal
): Promise<{ units: Unit[]; other_times?: Unit[] }> => get('/api/units', { name, at: day }, signal)
