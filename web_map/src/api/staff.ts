// The doors for members of staff; all of them but `me` need a token.
import { get, post, put } from './client'
import type { Candidate, Confidence, Decision, LonLat, NamedUnit, Text } from './types'

/** Who the server takes the caller for. */
export interface Me {
  signed_in: boolean
  name: string | null
  role: { id: 'public' | 'staff' | 'centre'; title: Text }
  units: { code: string; name: string | null }[]
}

export interface Body {
  id: string
  kind: string
  title: Text
  per_unit: boolean
}

/** A case that the router could not decide, with the decision as it was stored. */
export interface TriageCase {
  code: string
  category: string
  status: string
  received_at: string
  lon: number | null
  lat: number | null
  address: string | null
  text: string | null
  since: string
  triage: string
  reason_vi: string
  reason_en: string
}

export interface Queue {
  cases: TriageCase[]
  next: number | null
}

/** One decision as it was stored; none is ever changed. */
export interface Stored {
  id: number
  at: string
  kind: string
  body: { id: string; kind: string | null; title: Text }
  unit: NamedUnit | null
  informed: NamedUnit[]
  confidence: Confidence
  triage: string | null
  rule: { id: string; version: number } | null
  reason: Text
  as_of: string
  stated: { said: string; followed: boolean; name?: string } | null
  candidates: Candidate[]
  note: string | null
  actor: string | null
}

/** A case with everything that was decided about it, oldest first. */
export interface Way {
  code: string
  category: string
  status: string
  place: (LonLat & { accuracy_m: number | null }) | null
  address: string | null
  decisions: Stored[]
}

export type Wish = { reason: string } & (
  | { body: string; unit?: string }
  | { refuse: true }
  | { lon: number; lat: number }
)

export const me = (): Promise<Me> => get('/api/me')

export const triage = (after: number): Promise<Queue> => get('/api/triage', { limit: 50, after })

/** The bodies that a case can be passed to. */
export const bodies = async (): Promise<Body[]> => (await get<{ bodies: Body[] }>('/api/routing/bodies')).bodies

const route = (code: string): string => `/api/reports/${encodeURIComponent(code)}/route`

export const way = (code: string): Promise<Way> => get(route(code))

export const passOn = async (code: string, wish: Wish): Promise<Decision> =>
  (await post<{ decision: Decision }>(route(code), wish)).decision

/** One line of a rule set; null leaves a dimension open. */
export interface Rule {
  id: string
  priority: number
  body: string
  categories: string[] | null
  units: string[] | null
  layer: string | null
  within_m: number
  road_classes: string[] | null
  weekdays: number[] | null
  hours: [string, string] | null
  valid_from: string | null
  valid_to: string | null
  outside: boolean
}

export interface RuleSet {
  version: number
  overlap: 'smaller' | 'triage'
  note?: string | null
  bodies: Body[]
  rules: Rule[]
}

/** A rule set to be saved on top of the version that was read. */
export interface RuleDraft {
  based_on: number
  note: string
  overlap: RuleSet['overlap']
  bodies: Body[]
  rules: Rule[]
}

/** For the operation centre only, as is all that follows. */
export const rules = (): Promise<RuleSet> => get('/api/routing/rules')

export const saveRules = async (draft: RuleDraft): Promise<number> =>
  (await put<{ version: number }>('/api/routing/rules', draft)).version

/** One of the two ways in which reports are routed again. */
export type ReplaySide = { decided: true } | { rules?: number | RuleDraft; day?: string }

export interface ReplayQuestion {
  from: string
  to: string
  category?: string
  a: ReplaySide
  b: ReplaySide
}

export interface ReplayAnswer {
  reports: number
  same: number
  different: number
  triage: { a: number; b: number }
  table: { a: string; b: string; same: boolean; reports: number }[]
  map: GeoJSON.FeatureCollection<GeoJSON.Point, { code: string; a: string; b: string; reason_a: string; reason_b: string }>
  map_complete: boolean
}

export const replay = (question: ReplayQuestion): Promise<ReplayAnswer> => post('/api/routing/replay', question)
