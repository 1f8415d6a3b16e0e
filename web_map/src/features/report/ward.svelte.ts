import * as api from '../../api/client'
import { isAbort } from '../../api/problem'
import type { LonLat } from '../../api/types'
import { draft } from './draft.svelte'
import { UNSURE } from './fields'
import { standingOf, type Standing } from './standing'

type Found = 'none' | 'asking' | 'outside' | 'unknown' | Standing

/** The ward of the place that the form holds, asked as the place changes. */
class Ward {
  found = $state.raw<Found>('none')
  #stop = new AbortController()
  #timer = 0

  ask(place: LonLat | null, accuracy_m: number | null): void {
    this.#stop.abort()
    window.clearTimeout(this.#timer)
    if (!place) {
      this.found = 'none'
      return
    }
    this.found = 'asking'
    this.#timer = window.setTimeout(() => void this.#fetch(place, accuracy_m), 250)
  }

  async #fetch(place: LonLat, accuracy_m: number | null): Promise<void> {
    const stop = new AbortController()
    this.#stop = stop
    try {
      const standing = standingOf(await api.explain(place, { accuracy_m }, stop.signal))
      this.found = standing ?? 'outside'
      // An answer about another border says nothing here.
      if (draft.side !== UNSURE && !standing?.sides.some(({ id }) => id === draft.side)) draft.side = ''
      else if (!standing || standing.sides.length < 2) draft.side = ''
    } catch (thrown) {
      // The server looks again when the report comes, so a failed preview stops nobody.
      if (!isAbort(thrown)) this.found = 'unknown'
    }
  }
}

export const ward = new Ward()
