import type { Confidence } from '../../api/types'
import type { Key } from '../../i18n/catalogue'

const TRIAGE: Readonly<Record<string, Key>> = {
  outside: 'triage_outside',
  overlap: 'triage_overlap',
  no_location: 'triage_no_location',
  rule_error: 'triage_rule_error',
  refused: 'triage_refused',
  handovers: 'triage_handovers',
  merger: 'triage_merger'
}

const CONFIDENCE: Readonly<Record<Confidence, Key>> = {
  inside: 'sure_inside',
  near_boundary: 'sure_near_boundary',
  overlap: 'sure_overlap',
  gap_snapped: 'sure_gap_snapped',
  outside: 'sure_outside',
  no_location: 'sure_no_location'
}

const KINDS: Readonly<Record<string, Key>> = {
  intake: 'way_intake',
  handover: 'way_handover',
  refusal: 'way_refusal',
  correction: 'way_correction',
  merger: 'way_merger',
  revert: 'way_revert'
}

/** What made a decision; a kind that is new to this application is said in general. */
export const kindKey = (kind: string): Key => KINDS[kind] ?? 'way_other'

/** Whether anything is left to do about a case of this status. */
export const isOpen = (status: string): boolean => !['closed', 'rejected', 'duplicate'].includes(status)

/** Whether a decision follows a rule: a person's, a merger's and a source's do not, and their reason says so. */
export const isRule = (id: string): boolean => !['person', 'merger', 'source', 'import'].includes(id)

/** Why a person must decide; a kind that is new to this application is said in general. */
export const triageKey = (kind: string): Key => TRIAGE[kind] ?? 'triage_other'

/** How sure the place of a case is. */
export const confidenceKey = (confidence: Confidence): Key => CONFIDENCE[confidence]

/** A tracking code among the words of a feature, so that a tapped report can be asked why. */
export function trackingCode(rows: readonly { name: string; value: unknown }[]): string | null {
  const value = rows.find(({ name }) => name === 'code')?.value
  return typeof value === 'string' && /^[A-Z]{2}-[0-9A-Z]{4}-[0-9A-Z]{4}$/.test(value) ? value : null
}

export const REASON_MIN = 5
export const REASON_MAX = 500

/** A reason as the door takes it: composed and trimmed; null where it is too short or too long. */
export function reasonOf(typed: string): string | null {
  const reason = typed.normalize('NFC').trim()
  const length = [...reason].length
  return length >= REASON_MIN && length <= REASON_MAX ? reason : null
}
