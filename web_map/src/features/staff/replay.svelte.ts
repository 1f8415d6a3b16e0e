import { asProblem, type Problem } from '../../api/problem'
import * as api from '../../api/staff'
import type { Bbox } from '../../api/types'
import { app } from '../../state/app.svelte'
import { rulebook } from './rulebook.svelte'

/** The two ways to compare: what was decided, the rules in force, those being edited, a version, or another day's wards. */
export type Way = 'decided' | 'current' | 'draft' | 'version' | 'day'

export interface SideForm {
  way: Way
  version: string
  day: string
}

/** A side as the door takes it; null while it is not whole. */
export function sideOf(form: SideForm, draft: api.RuleDraft | null): api.ReplaySide | null {
  switch (form.way) {
    case 'decided':
      return { decided: true }
    case 'current':
      return {}
    case 'draft':
      return draft && { rules: draft }
    case 'version':
      return /^[1-9]\d{0,8}$/.test(form.version.trim()) ? { rules: Number(form.version) } : null
    case 'day':
      return form.day === '' ? null : { day: form.day }
  }
}

/** What differs, as the map draws it. */
export function dotsOf(answer: api.ReplayAnswer): GeoJSON.FeatureCollection {
  const features = answer.map.features.map(({ geometry, properties }) => ({
    type: 'Feature' as const,
    geometry,
    properties: { part: 'dot', label: `${properties.a} → ${properties.b}`, chosen: true }
  }))
  return { type: 'FeatureCollection', features }
}

export function boxOf(points: readonly GeoJSON.Feature<GeoJSON.Point>[]): Bbox | null {
  const at = points.map(({ geometry }) => geometry.coordinates as [number, number])
  if (at.length === 0) return null
  const [lons, lats] = [at.map(([lon]) => lon), at.map(([, lat]) => lat)]
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)]
}

class Replay {
  from = $state('')
  to = $state('')
  category = $state('')
  a = $state<SideForm>({ way: 'decided', version: '', day: '' })
  b = $state<SideForm>({ way: 'current', version: '', day: '' })
  answer = $state.raw<api.ReplayAnswer | null>(null)
  problem = $state.raw<Problem | null>(null)
  busy = $state(false)

  get question(): api.ReplayQuestion | null {
    const [a, b] = [sideOf(this.a, rulebook.draft), sideOf(this.b, rulebook.draft)]
    if (!a || !b || this.from === '' || this.to === '') return null
    // Whole days on the calendar of Viet Nam, the last one included.
    const [from, to] = [`${this.from}T00:00:00+07:00`, `${this.to}T23:59:59+07:00`]
    return { from, to, ...(this.category !== '' && { category: this.category }), a, b }
  }

  async ask(): Promise<void> {
    const question = this.question
    if (!question) return
    this.busy = true
    this.problem = null
    this.answer = null
    app.candidates = null
    try {
      this.answer = await api.replay(question)
      this.draw()
    } catch (thrown) {
      this.problem = asProblem(thrown)
    }
    this.busy = false
  }

  draw(): void {
    if (!this.answer || this.answer.different === 0) return
    app.candidates = dotsOf(this.answer)
    const box = boxOf(this.answer.map.features)
    if (box && app.session) app.session.fit(box, app.insets, 15)
  }
}

export const replaying = new Replay()
