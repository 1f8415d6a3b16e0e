import * as api from '../../api/hotspots'
import type { CellFigures, Cells, Choices, Question } from '../../api/hotspots'
import { asProblem, isAbort, type Problem } from '../../api/problem'
import { number } from '../../i18n/format'
import { lang, t } from '../../i18n/lang.svelte'
import type { HexView } from '../../map/hexes'
import { announce } from '../../ui/announce.svelte'
import { frames, isRange, last, lastDay, ofMonths, nextMonth, shifted, today, type Range } from './range'

/** Views that only staff may ask for. */
export const STAFF_VIEWS: readonly HexView[] = ['signal', 'emerging', 'compare']

/** The question about hotspots and its newest answer. */
class Hot {
  range = $state.raw<Range>({ from: '', to: '' })
  /** The newest day that has data, the end of all presets. */
  end = $state('')
  choices = $state.raw<Choices | null>(null)
  category = $state('')
  channel = $state('')
  group = $state('')
  view = $state<HexView>('density')
  mute = $state(true)
  /** The picture of a play that is shown; null is the whole range. */
  frame = $state<number | null>(null)
  cells = $state.raw<Cells | null>(null)
  busy = $state(false)
  problem = $state.raw<Problem | null>(null)
  cell = $state<string | null>(null)
  #stop = new AbortController()

  get staff(): boolean {
    return this.choices?.audience === 'staff'
  }

  get frames(): Range[] {
    return isRange(this.range) ? frames(this.range, !this.staff) : []
  }

  /** The days that the map shows now. */
  get shown(): Range {
    return (this.frame === null ? null : this.frames[this.frame]) ?? this.range
  }

  /** The question as the doors take it; their end is open, a range's last day is meant whole. */
  get question(): Question {
    const { from, to } = this.shown
    const days = { from, to: shifted(to, 1) }
    return this.staff ? { ...days, category: this.category, channel: this.channel } : { ...days, group: this.group }
  }

  /** Take the question of an address; without a range it waits for `learn`. */
  begin(from: string | null, to: string | null, category: string | null): void {
    const asked = { from: from ?? '', to: to ?? '' }
    if (isRange(asked)) this.range = asked
    this.category = category ?? ''
  }

  /** Ask who we are here, what may be chosen and on which day the data end. */
  async learn(): Promise<void> {
    this.problem = null
    this.#stop.abort()
    try {
      const choices = await api.choices()
      const changed = choices.audience !== this.choices?.audience
      if (choices.audience === 'public') this.#public(choices)
      else {
        const { parameters } = await api.cells({ resolution: 5 }, new AbortController().signal)
        this.end = lastDay(parameters.to) ?? today()
        if (!isRange(this.range) || (changed && this.choices !== null)) this.range = last(90, this.end)
      }
      if (choices.audience === 'public' && STAFF_VIEWS.includes(this.view)) this.view = 'density'
      this.frame = null
      this.choices = choices
    } catch (thrown) {
      this.problem = asProblem(thrown)
    }
  }

  /** The public asks for whole months that it was told. */
  #public({ months }: Choices): void {
    const [first, newest] = months ?? [today().slice(0, 7), today().slice(0, 7)]
    this.end = ofMonths(newest, newest).to
    const from = this.range.from.slice(0, 7)
    const to = this.range.to.slice(0, 7)
    const known = isRange(this.range) && from >= first && to <= newest
    const year = nextMonth(newest, -11)
    this.range = known ? ofMonths(from, to) : ofMonths(year < first ? first : year, newest)
  }

  set(range: Range): void {
    this.frame = null
    this.range = range
  }

  async ask(): Promise<void> {
    this.#stop.abort()
    const stop = new AbortController()
    this.#stop = stop
    this.busy = true
    this.problem = null
    try {
      const found = await this.#answer(stop.signal)
      this.cells = found
      this.busy = false
      if (this.frame === null) announce(this.total())
    } catch (thrown) {
      if (isAbort(thrown)) return
      this.busy = false
      this.cells = null
      this.problem = asProblem(thrown)
    }
  }

  #answer(signal: AbortSignal): Promise<Cells> {
    const asked = this.question
    if (this.view === 'signal') return api.cells({ ...asked, state: 'all' }, signal)
    if (this.view === 'compare') return api.compare(asked, signal)
    if (this.view !== 'emerging') return api.cells(asked, signal)
    return api.emerging({ to: asked.to, category: asked.category, channel: asked.channel } as Question, signal)
  }

  total(): string {
    const n = this.cells?.parameters.n
    if (typeof n?.incidents !== 'number') return ''
    if (n.incidents === 0) return t('hot_empty')
    return t('hot_total', {
      incidents: number(n.incidents, lang(), 0),
      contacts: number(n.contacts, lang(), 0),
      cells: number(n.cells, lang())
    })
  }

  /** The cells that matter most in the view, most first. */
  get top(): readonly Cells['features'][number][] {
    const weight = ({ rate, recent, now, expected, change, kind, state }: CellFigures): number => {
      if (this.view === 'emerging') return kind?.endsWith('_hot') ? (recent ?? 0) : -1
      if (this.view === 'compare') return change ? Math.abs((now ?? 0) - (expected ?? 0)) : -1
      if (this.view === 'signal') return state?.startsWith('hot') ? rate : -1
      return rate
    }
    return (this.cells?.features ?? [])
      .map((hex) => ({ hex, at: weight(hex.properties) }))
      .filter(({ at }) => at > 0)
      .sort((a, b) => b.at - a.at)
      .slice(0, 10)
      .map(({ hex }) => hex)
  }

  get chosen(): Cells['features'][number] | null {
    return this.cells?.features.find((hex) => hex.properties.cell === this.cell) ?? null
  }
}

export const hot = new Hot()
