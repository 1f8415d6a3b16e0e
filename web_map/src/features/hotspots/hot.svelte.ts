import * as api from '../../api/hotspots'
import type { CellFigures, Cells, Choices, Question } from '../../api/hotspots'
import { asProblem, isAbort, type Problem } from '../../api/problem'
import { number } from '../../i18n/format'
import { lang, t } from '../../i18n/lang.svelte'
import { TILED, type HexView } from '../../map/hexes'
import type { HotUrl } from '../../state/url'
import { announce } from '../../ui/announce.svelte'
import { frames, isRange, last, lastDay, ofMonths, nextMonth, shifted, today, type Range } from './range'

/** Views that only staff may ask for. */
export const STAFF_VIEWS: readonly HexView[] = ['signal', 'emerging', 'compare']

/** Of all cells only so many are listed; the map draws the others out of tiles. */
const LISTED = 10
/** The same weekdays a year before. */
const YEAR_DAYS = 364
type Hexagon = Cells['features'][number]

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
  /** What is known of the chosen cell, and where it lies. */
  chosen = $state.raw<Hexagon | null>(null)
  /** Whether the map shows the part that a link asked for, and is not to be moved. */
  placed = false
  /** The period to compare with; null is the same days a year before. */
  before = $state.raw<Range | null>(null)
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

  /** The period that is compared with. */
  get earlier(): Range {
    const { from, to } = this.shown
    return this.before ?? { from: shifted(from, -YEAR_DAYS), to: shifted(to, -YEAR_DAYS) }
  }

  /** The question with what the view asks beyond it. */
  get asked(): Question {
    if (this.view === 'signal') return { ...this.question, state: 'all' }
    if (this.view === 'compare') return { ...this.question, from2: this.earlier.from, to2: shifted(this.earlier.to, 1) }
    if (this.view !== 'emerging') return this.question
    const { to, category, channel } = this.question
    return { to: to ?? '', category: category ?? '', channel: channel ?? '' }
  }

  /** Where the map gets the pictures of the question, or null while there is none. */
  get addresses(): { cells: string; density: string } | null {
    if (!this.choices || !isRange(this.shown)) return null
    // Whether a cell stands out depends on its size: there one size is shown at every zoom, that of the list.
    // Under the smooth density cells are only asked, and the larger are easier to hit.
    const asked = this.view === 'density' ? this.asked : { ...this.asked, resolution: 8 }
    return { cells: api.cellTiles(asked), density: api.densityTiles(this.question) }
  }

  /** The question as an address keeps it. */
  get url(): HotUrl {
    return {
      mode: this.view === 'density' ? null : this.view,
      from: this.range.from || null,
      to: this.range.to || null,
      from2: (this.view === 'compare' && this.before?.from) || null,
      to2: (this.view === 'compare' && this.before?.to) || null,
      category: this.category || null,
      channel: this.channel || null,
      group: this.group || null,
      cell: this.cell,
      over: this.mute ? null : '1'
    }
  }

  /** Take the question of an address, which may name a part of the map; without a range it waits for `learn`. */
  begin(url: HotUrl, placed: boolean): void {
    this.placed = placed
    const [range, before] = [{ from: url.from ?? '', to: url.to ?? '' }, { from: url.from2 ?? '', to: url.to2 ?? '' }]
    if (isRange(range)) this.range = range
    if (isRange(before)) this.before = before
    this.view = (url.mode as HexView | null) ?? 'density'
    this.category = url.category ?? ''
    this.channel = url.channel ?? ''
    this.group = url.group ?? ''
    this.cell = url.cell
    this.mute = url.over === null
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
        const { parameters } = await api.cells({ resolution: 5, most: 1 }, new AbortController().signal)
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
    if (this.view === 'compare') return api.compare(this.asked, signal)
    if (this.view === 'emerging') return api.emerging(this.asked, signal)
    return api.cells({ ...this.asked, most: LISTED }, signal)
  }

  /** Learn what is known of the chosen cell: out of the list that is there, else by asking. */
  async look(signal: AbortSignal): Promise<void> {
    const { cell, cells } = this
    const listed = cells?.features.find((hex) => hex.properties.cell === cell) ?? null
    this.chosen = cell === null ? null : listed
    if (cell === null || listed || !TILED.includes(this.view)) return
    try {
      this.chosen = (await api.cells({ ...this.asked, cell }, signal)).features[0] ?? null
    } catch (thrown) {
      if (!isAbort(thrown)) this.chosen = null
    }
  }

  total(): string {
    const n = this.cells?.parameters.n
    if (n === undefined) return ''
    const plain = (value: number): string => number(value, lang(), 0)
    if (typeof n === 'number') return t('hot_total_weeks', { incidents: plain(n) })
    if ('before' in n) return t('hot_total_periods', { now: plain(n.now), before: plain(n.before) })
    if (n.incidents === 0) return t('hot_empty')
    return t('hot_total', {
      incidents: plain(n.incidents),
      contacts: plain(n.contacts),
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
      .slice(0, LISTED)
      .map(({ hex }) => hex)
  }
}

export const hot = new Hot()
