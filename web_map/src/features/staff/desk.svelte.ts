import { asProblem, type Problem } from '../../api/problem'
import * as api from '../../api/staff'
import { at } from '../at/ask.svelte'
import { app } from '../../state/app.svelte'
import { setToken } from '../../state/token.svelte'

/** What a member of staff has before them: the queue, and the bodies that a case can be passed to. */
class Desk {
  cases = $state.raw<readonly api.TriageCase[] | null>(null)
  next = $state<number | null>(null)
  bodies = $state.raw<readonly api.Body[]>([])
  /** Whether the doors let this caller do what only the operation centre may. */
  centre = $state(false)
  problem = $state.raw<Problem | null>(null)
  asking = $state(false)

  /** Take a token; it is kept only if the doors know it. */
  async enter(token: string): Promise<void> {
    setToken(token)
    await this.load()
    if (this.problem) {
      setToken(null)
      return
    }
    this.changed()
  }

  leave(): void {
    setToken(null)
    this.cases = null
    this.bodies = []
    this.centre = false
    this.problem = null
    this.changed()
  }

  async load(): Promise<void> {
    this.asking = true
    this.problem = null
    try {
      const queue = await api.triage(0)
      this.cases = queue.cases
      this.next = queue.next
      await this.#rights()
    } catch (thrown) {
      this.problem = asProblem(thrown)
    }
    this.asking = false
  }

  async more(): Promise<void> {
    if (this.next === null) return
    try {
      const queue = await api.triage(this.next)
      this.cases = [...(this.cases ?? []), ...queue.cases]
      this.next = queue.next
    } catch (thrown) {
      this.problem = asProblem(thrown)
    }
  }

  /** No door tells who a token belongs to; the one for the centre alone tells whether it is the centre's. */
  async #rights(): Promise<void> {
    try {
      this.bodies = await api.bodies()
      this.centre = true
    } catch (thrown) {
      if (asProblem(thrown).status !== 403) throw thrown
      this.bodies = []
      this.centre = false
    }
  }

  /** Another caller sees other rows: the picture and the answer in view are asked for again. */
  changed(): void {
    app.session?.refreshAll()
    if (app.panel === 'at' && app.place) void at.ask(app.place)
  }
}

export const desk = new Desk()
