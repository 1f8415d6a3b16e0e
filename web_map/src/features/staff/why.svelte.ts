import * as api from '../../api/client'
import { asProblem, type Problem } from '../../api/problem'
import { caseOf, type TriageCase } from '../../api/staff'
import type { Bbox, Candidate, Confidence, Decision, LonLat, Text } from '../../api/types'
import { metres } from '../../i18n/format'
import { lang } from '../../i18n/lang.svelte'
import { candidateBox, candidateFeatures, type Ground } from '../../map/candidates'
import { app } from '../../state/app.svelte'
import { desk } from './desk.svelte'

/** The layer whose features a decision names as its boundaries: the doors' word, not the map's. */
const WARDS = 'admin_units'

/** Why a case is where it is. */
export interface Reasoned {
  code: string
  place: LonLat | null
  body: Text | null
  /** The code of the ward of the place, where one was found. */
  ward: string | null
  confidence: Confidence
  reason: Text
  rule: { id: string; version: number } | null
  triage: string | null
  note: string | null
  candidates: readonly Candidate[]
  /** From the record; else worked out again for the place, category and moment of receipt. */
  stored: boolean
}

function ofRecord(waiting: TriageCase): Reasoned {
  const { code, lon, lat, confidence, note, candidates } = waiting
  return {
    code,
    place: lon === null || lat === null ? null : { lon, lat },
    body: null,
    ward: candidates.find(({ distance_m }) => distance_m === 0)?.code ?? null,
    confidence,
    reason: { vi: waiting.reason_vi, en: waiting.reason_en },
    rule: null,
    triage: waiting.triage,
    note,
    candidates,
    stored: true
  }
}

export function ofDecision(code: string, place: LonLat, decision: Decision): Reasoned {
  const { body, unit, confidence, reason, rule, candidates } = decision
  const ward = unit?.code ?? null
  return { code, place, body: body.title, ward, confidence, reason, rule, triage: decision.triage, note: null, candidates, stored: false }
}

class Why {
  shown = $state.raw<Reasoned | null>(null)
  problem = $state.raw<Problem | null>(null)
  /** What the camera should bring into view, once somebody asked for the picture. */
  box = $state.raw<Bbox | null>(null)
  #newest = 0

  async ask(code: string): Promise<void> {
    const mine = ++this.#newest
    this.clear()
    try {
      const found = await this.#reason(code)
      if (mine === this.#newest) this.shown = found
    } catch (thrown) {
      if (mine === this.#newest) this.problem = asProblem(thrown)
    }
  }

  async #reason(code: string): Promise<Reasoned | null> {
    if (desk.cases === null) await desk.load()
    const waiting = desk.cases?.find((each) => each.code === code)
    if (waiting) return ofRecord(waiting)
    const found = await caseOf(code)
    if (!found) return null
    const { place, category, received_at: at, accuracy_m } = found
    return ofDecision(code, place, await api.explain(place, { category, at, accuracy_m }))
  }

  /** Draw the candidates with their distances, and the place. */
  async draw(): Promise<void> {
    const asked = this.shown
    const place = asked?.place
    if (!asked || !place) return
    try {
      const grounds = await Promise.all(asked.candidates.map((each) => this.#ground(each, asked.ward)))
      if (this.shown !== asked) return
      app.mapWanted = true
      app.place = place
      app.candidates = candidateFeatures(place, grounds)
      this.box = candidateBox(place, app.candidates)
    } catch (thrown) {
      this.problem = asProblem(thrown)
    }
  }

  async #ground(candidate: Candidate, ward: string | null): Promise<Ground> {
    const { geometry } = await api.item(WARDS, candidate.feature_id)
    const far = candidate.distance_m === 0 ? candidate.border_m : candidate.distance_m
    return { geometry, label: `${candidate.name}\n${metres(far, lang())}`, chosen: candidate.code === ward }
  }

  clear(): void {
    this.shown = null
    this.problem = null
    this.box = null
    app.candidates = null
    app.place = null
  }
}

export const why = new Why()
