// The doors for members of staff; all of them need a token.
import { get, post } from './client'
import type { Candidate, Confidence, Decision, LonLat, Text } from './types'

/** A case that the router could not decide, with the decision as it was stored. */
export interface TriageCase {
  code: string
  category: string
  status: string
  received_at: string
  lon: number | null
  lat: number | null
  accuracy_m: number | null
  text: string | null
  since: string
  kind: string
  triage: string
  confidence: Confidence
  reason_vi: string
  reason_en: string
  note: string | null
  candidates: Candidate[]
}

export interface Queue {
  cases: TriageCase[]
  next: number | null
}

export interface Body {
  id: string
  kind: string
  title: Text
  per_unit: boolean
}

/** What is needed of a report to ask why it went where it went. */
export interface Case {
  code: string
  place: LonLat
  category: string
  received_at: string
  accuracy_m: number | null
}

export type Wish = { reason: string } & ({ body: string; unit?: string } | { refuse: true })

export const triage = (after: number): Promise<Queue> => get('/api/triage', { limit: 50, after })

/** The bodies that rules know; for the operation centre only (403 for others). */
export const bodies = async (): Promise<Body[]> => (await get<{ bodies: Body[] }>('/api/routing/rules')).bodies

/** A report with its exact place, as the caller may see it; null where there is none. */
export async function caseOf(code: string): Promise<Case | null> {
  const found = await get<GeoJSON.FeatureCollection>('/ogc/collections/reports/items', { code, f: 'json', limit: 1 })
  const [feature] = found.features
  if (feature?.geometry.type !== 'Point') return null
  const [lon = 0, lat = 0] = feature.geometry.coordinates
  const said = feature.properties ?? {}
  const accuracy: unknown = said['accuracy_m']
  return {
    code,
    place: { lon, lat },
    category: String(said['category']),
    received_at: String(said['received_at']),
    accuracy_m: typeof accuracy === 'number' ? accuracy : null
  }
}

export const passOn = async (code: string, wish: Wish): Promise<Decision> =>
  (await post<{ decision: Decision }>(`/api/reports/${encodeURIComponent(code)}/route`, wish)).decision
