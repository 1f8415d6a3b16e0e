import * as api from '../../api/client'
import { asProblem, isAbort, type Problem } from '../../api/problem'
import type { SearchHit } from '../../api/types'
import { t } from '../../i18n/lang.svelte'
import { app } from '../../state/app.svelte'
import { announce } from '../../ui/announce.svelte'
import { dayOf } from '../day/days'
import { hitOf, UNITS } from './other-days'

const FEWEST_LETTERS = 2
const NAME_MAX = 80
const PAUSE_MS = 180

/** What is being looked for and the newest answer; typing on cancels the question before. */
export class Finder {
  query = $state('')
  hits = $state.raw<readonly SearchHit[] | null>(null)
  problem = $state.raw<Problem | null>(null)
  #stop = new AbortController()
  #timer = 0

  /** The query has changed; says whether it is long enough to be asked. */
  type(): boolean {
    window.clearTimeout(this.#timer)
    this.#stop.abort()
    this.hits = null
    this.problem = null
    const asked = this.query.trim().length >= FEWEST_LETTERS
    if (asked) this.#timer = window.setTimeout(() => void this.#ask(), PAUSE_MS)
    return asked
  }

  /** Units that bore the name on other days, where no unit of the map's day holds the words. */
  async #ofOtherDays(q: string, signal: AbortSignal): Promise<SearchHit[]> {
    let others: readonly api.Unit[]
    try {
      others = (await api.unitsNamed(q.slice(0, NAME_MAX), app.day, signal)).other_times ?? []
    } catch (thrown) {
      if (isAbort(thrown)) throw thrown
      return [] // What was found stands all the same.
    }
    const title = app.layers?.find(({ name }) => name === UNITS)?.title ?? { vi: '', en: '' }
    return others.map((unit) => hitOf(unit, title, app.day ?? dayOf(new Date())))
  }

  async #ask(): Promise<void> {
    const stop = new AbortController()
    this.#stop = stop
    const q = this.query.trim().normalize('NFC')
    try {
      const hits = await api.search(q, app.day, stop.signal)
      const known = hits.some(({ layer }) => layer === UNITS)
      this.hits = known ? hits : [...(await this.#ofOtherDays(q, stop.signal)), ...hits]
      announce(this.hits.length === 0 ? t('search_none', { q }) : t('search_count', { count: this.hits.length }))
    } catch (thrown) {
      if (!isAbort(thrown)) this.problem = asProblem(thrown)
    }
  }
}
