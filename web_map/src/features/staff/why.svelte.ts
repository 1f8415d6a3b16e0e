import * as api from '../../api/client'
import { asProblem, type Problem } from '../../api/problem'
import { way, type Stored, type Way } from '../../api/staff'
import type { Bbox, Candidate } from '../../api/types'
import { metres } from '../../i18n/format'
import { lang } from '../../i18n/lang.svelte'
import { candidateBox, candidateFeatures, type Ground } from '../../map/candidates'
import { app } from '../../state/app.svelte'

/** The layer whose features a decision names as its boundaries: the doors' word, not the map's. */
const WARDS = 'admin_units'

/** Why a case is where it is: its stored decisions, and the candidates of one of them on the map. */
class Why {
  shown = $state.raw<Way | null>(null)
  problem = $state.raw<Problem | null>(null)
  /** What the camera should bring into view, once somebody asked for the picture. */
  box = $state.raw<Bbox | null>(null)
  #newest = 0

  async ask(code: string): Promise<void> {
    const mine = ++this.#newest
    this.clear()
    try {
      const found = await way(code)
      if (mine === this.#newest) this.shown = found
    } catch (thrown) {
      if (mine === this.#newest) this.problem = asProblem(thrown)
    }
  }

  /** Draw the candidates of a decision with their distances, and the place. */
  async draw(decision: Stored): Promise<void> {
    const asked = this.shown
    const place = asked?.place
    if (!asked || !place) return
    try {
      const grounds = await Promise.all(decision.candidates.map((each) => this.#ground(each, decision)))
      if (this.shown !== asked) return
      app.mapWanted = true
      app.place = place
      app.candidates = candidateFeatures(place, grounds)
      this.box = candidateBox(place, app.candidates)
    } catch (thrown) {
      this.problem = asProblem(thrown)
    }
  }

  async #ground(candidate: Candidate, { unit }: Stored): Promise<Ground> {
    const { geometry } = await api.item(WARDS, candidate.feature_id)
    const far = candidate.distance_m === 0 ? candidate.border_m : candidate.distance_m
    const label = far === null ? candidate.name : `${candidate.name}\n${metres(far, lang())}`
    return { geometry, label, chosen: candidate.unit_id === unit?.id }
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
