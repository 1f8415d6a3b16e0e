import { asProblem, type Problem } from '../../api/problem'
import * as api from '../../api/staff'
import { draftOf, faultPlace, formOfRule, NEW_RULE, type RuleForm } from './rules'

/** The routing rules as the operation centre edits them; nothing counts before it is saved as a version. */
class Rulebook {
  set = $state.raw<api.RuleSet | null>(null)
  forms = $state<RuleForm[]>([])
  note = $state('')
  problem = $state.raw<Problem | null>(null)
  saved = $state<number | null>(null)
  busy = $state(false)
  #read = ''

  async load(): Promise<void> {
    this.problem = null
    try {
      this.set = await api.rules()
      this.forms = this.set.rules.map(formOfRule)
      this.note = ''
      this.#read = JSON.stringify(this.forms)
    } catch (thrown) {
      this.problem = asProblem(thrown)
    }
  }

  get changed(): boolean {
    return this.set !== null && JSON.stringify(this.forms) !== this.#read
  }

  get draft(): api.RuleDraft | null {
    return this.set && draftOf(this.set, $state.snapshot(this.forms), this.note)
  }

  /** The rule and field that the doors complain of. */
  get fault(): ReturnType<typeof faultPlace> {
    return this.problem && faultPlace(this.problem.parameter, this.problem.words.vi, this.forms)
  }

  add(): number {
    this.forms.push({ ...NEW_RULE, body: this.set?.bodies[0]?.id ?? '' })
    return this.forms.length - 1
  }

  remove(at: number): void {
    this.forms.splice(at, 1)
    this.problem = null
  }

  async save(): Promise<void> {
    const draft = this.draft
    if (!draft) return
    this.busy = true
    this.problem = null
    this.saved = null
    try {
      const version = await api.saveRules(draft)
      await this.load()
      this.saved = version
    } catch (thrown) {
      this.problem = asProblem(thrown)
    }
    this.busy = false
  }
}

export const rulebook = new Rulebook()
