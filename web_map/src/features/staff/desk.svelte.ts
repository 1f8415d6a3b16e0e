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
  me = $state.raw<api.Me | null>(null)
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
    this.me = null
    this.problem = null
    this.changed()
  }

  /** Whether this caller may do what only the operation centre may. */
  get centre(): boolean {
    return this.me?.role.id === 'centre'
  }

  async load(): Promise<void> {
    this.asking = true
    this.problem = null
    try {
      const [me, bodies, queue] = await Promise.all([api.me(), api.bodies(), api.triage(0)])
      this.me = me
      this.bodies = bodies
      this.cases = queue.cases
      this.next = queue.next
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

  /** Another caller sees other rows: the picture and the answer in view are asked for again. */
  changed(): void {
    app.session?.refreshAll()
    if (app.panel === 'at' && app.place) void at.ask(app.place)
  }
}

export const desk = new Desk()
