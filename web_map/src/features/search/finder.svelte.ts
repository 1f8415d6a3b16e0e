import * as api from '../../api/client'
import { asProblem, isAbort, type Problem } from '../../api/problem'
import type { SearchHit } from '../../api/types'
import { t } from '../../i18n/lang.svelte'
import { app } from '../../state/app.svelte'
import { announce } from '../../ui/announce.svelte'

const FEWEST_LETTERS = 2
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

  async #ask(): Promise<void> {
    const stop = new AbortController()
    this.#stop = stop
    const q = this.query.trim().normalize('NFC')
    try {
      this.hits = await api.search(q, app.day, stop.signal)
      announce(this.hits.length === 0 ? t('search_none', { q }) : t('search_count', { count: this.hits.length }))
    } catch (thrown) {
      if (!isAbort(thrown)) this.problem = asProblem(thrown)
    }
  }
}
