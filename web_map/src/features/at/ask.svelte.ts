import * as api from '../../api/client'
import { asProblem, isAbort, type Problem } from '../../api/problem'
import type { AtLayer, LonLat } from '../../api/types'
import { t } from '../../i18n/lang.svelte'
import { toleranceMetres } from '../../map/tolerance'
import { app } from '../../state/app.svelte'
import { announce } from '../../ui/announce.svelte'

export interface Chosen {
  layer: string
  id: number
}

/** The answer with the layer of the chosen feature first. */
export function first(results: readonly AtLayer[], { layer }: Chosen): AtLayer[] {
  return [...results.filter((each) => each.layer === layer), ...results.filter((each) => each.layer !== layer)]
}

/** The answer to the newest question about a place. A newer question cancels the older. */
class At {
  results = $state.raw<readonly AtLayer[] | null>(null)
  problem = $state.raw<Problem | null>(null)
  /** What the map highlights while no single row is pointed at. */
  found: readonly Chosen[] = []
  #stop = new AbortController()

  /** Ask what is at a place. `chosen` is the feature that a person looked for: it alone is highlighted then. */
  async ask(place: LonLat, chosen: Chosen | null = null): Promise<void> {
    this.#stop.abort()
    const stop = new AbortController()
    this.#stop = stop
    app.place = place
    app.selected = chosen
    this.found = chosen ? [chosen] : []
    app.highlighted = this.found
    this.results = null
    this.problem = null
    app.open('at')
    const names = [...app.visible]
    if (names.length === 0) {
      this.results = []
      return
    }
    try {
      const tolerance = toleranceMetres(place.lat, app.camera?.zoom ?? 16)
      const results = await api.at(place, tolerance, names, app.day, stop.signal)
      // What is drawn on top comes first, as the eye has it.
      this.results = results.filter((layer) => layer.features.length > 0).reverse()
      if (chosen) this.results = first(this.results, chosen)
      else this.found = results.flatMap(({ layer, features }) => features.map(({ id }) => ({ layer, id })))
      app.highlighted = this.found
      announce(this.count === 0 ? t('at_empty') : t('at_found', { count: this.count }))
    } catch (thrown) {
      if (!isAbort(thrown)) this.problem = asProblem(thrown)
    }
  }

  get count(): number {
    return (this.results ?? []).reduce((sum, layer) => sum + layer.features.length, 0)
  }
}

export const at = new At()
