import * as api from '../../api/client'
import { isAbort } from '../../api/problem'
import type { LonLat, Unit } from '../../api/types'

type Found = 'none' | 'asking' | 'outside' | 'unknown' | Unit

/** The ward of the place that the form holds, asked as the place changes. */
class Ward {
  found = $state.raw<Found>('none')
  #stop = new AbortController()
  #timer = 0

  ask(place: LonLat | null): void {
    this.#stop.abort()
    window.clearTimeout(this.#timer)
    if (!place) {
      this.found = 'none'
      return
    }
    this.found = 'asking'
    this.#timer = window.setTimeout(() => void this.#fetch(place), 250)
  }

  async #fetch(place: LonLat): Promise<void> {
    const stop = new AbortController()
    this.#stop = stop
    try {
      const [unit] = await api.units(place, stop.signal)
      this.found = unit ?? 'outside'
    } catch (thrown) {
      // The server looks again when the report comes, so a failed preview stops nobody.
      if (!isAbort(thrown)) this.found = 'unknown'
    }
  }
}

export const ward = new Ward()
