import * as api from '../../api/client'
import { asProblem, isAbort, type Problem } from '../../api/problem'
import type { Hex, Hotspots } from '../../api/types'
import { number } from '../../i18n/format'
import { lang, t } from '../../i18n/lang.svelte'
import { breaks } from '../../map/ramp'
import { announce } from '../../ui/announce.svelte'
import { isRange, last, lastDay, shifted, today, type Range } from './range'

export type Mode = 'hexes' | 'heat'

const FIRST_DAY = '2020-01-01'

/** The question about hotspots and its newest answer. */
class Hot {
  range = $state.raw<Range>({ from: '', to: '' })
  /** The newest day that has data, the end of all presets. */
  end = $state('')
  category = $state('')
  mode = $state<Mode>('hexes')
  mute = $state(true)
  hexes = $state.raw<Hotspots | null>(null)
  limits = $state.raw<readonly number[]>([])
  problem = $state.raw<Problem | null>(null)
  cell = $state<string | null>(null)
  #stop = new AbortController()

  /** Take the question of an address; without a range it waits for `learn`. */
  begin(from: string | null, to: string | null, category: string | null): void {
    const asked = { from: from ?? '', to: to ?? '' }
    if (isRange(asked)) this.range = asked
    this.category = category ?? ''
  }

  /** Ask on which day the data end: the coarsest answer for the door's own range, the last year of data. */
  async learn(): Promise<void> {
    if (this.end !== '') return
    this.problem = null
    try {
      const { parameters } = await api.hotspots({ resolution: 5 }, new AbortController().signal)
      this.end = lastDay(parameters?.['to']) ?? today()
      if (!isRange(this.range)) this.range = last(365, this.end)
    } catch (thrown) {
      this.problem = asProblem(thrown)
    }
  }

  preset(days: number | null): void {
    this.range = days === null ? { from: FIRST_DAY, to: this.end } : last(days, this.end)
  }

  async ask(): Promise<void> {
    this.#stop.abort()
    const stop = new AbortController()
    this.#stop = stop
    this.hexes = null
    this.problem = null
    this.cell = null
    try {
      // The door's end is open, the form's last day is meant whole.
      const question = { from: this.range.from, to: shifted(this.range.to, 1), category: this.category }
      const hexes = await api.hotspots(question, stop.signal)
      this.limits = breaks(hexes.features.map((hex) => hex.properties.per_km2))
      this.hexes = hexes
      announce(this.total())
    } catch (thrown) {
      if (!isAbort(thrown)) this.problem = asProblem(thrown)
    }
  }

  total(): string {
    const features = this.hexes?.features ?? []
    if (features.length === 0) return t('hot_empty')
    const sum = (name: 'incidents' | 'contacts'): string =>
      number(features.reduce((all, hex) => all + hex.properties[name], 0), lang())
    return t('hot_total', {
      incidents: sum('incidents'),
      contacts: sum('contacts'),
      cells: number(features.length, lang())
    })
  }

  /** The cells with the most incidents, most first. */
  get top(): readonly Hex[] {
    const order = (a: Hex, b: Hex): number => b.properties.per_km2 - a.properties.per_km2
    return [...(this.hexes?.features ?? [])].sort(order).slice(0, 10)
  }

  get chosen(): Hex | null {
    return this.hexes?.features.find((hex) => hex.properties.cell === this.cell) ?? null
  }
}

export const hot = new Hot()
