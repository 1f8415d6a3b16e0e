import * as api from '../../api/imports'
import { asProblem, Problem } from '../../api/problem'
import { app } from '../../state/app.svelte'
import { announce } from '../../ui/announce.svelte'
import { t } from '../../i18n/lang.svelte'
import { clearPreview, drawPreview } from './preview'

const BEAT_MS = 700

/** One file on its way into a layer. */
class Importing {
  layer = $state('')
  mode = $state<api.Mode>('update')
  now = $state.raw<api.Import | null>(null)
  report = $state.raw<api.Report | null>(null)
  answers = $state.raw<api.Answers>({})
  problem = $state.raw<Problem | null>(null)
  /** How much of the file has been sent; null while nothing is sent. */
  sent = $state<number | null>(null)
  history = $state.raw<readonly api.Landed[]>([])
  #run = 0

  get busy(): boolean {
    return this.sent !== null || this.now?.status === 'accepted' || this.now?.status === 'running'
  }

  get landed(): boolean {
    return this.now?.dataset?.state === 'landed'
  }

  async send(files: readonly File[]): Promise<void> {
    if (files.length === 0 || this.layer === '') return
    this.drop()
    this.sent = 0
    try {
      const made = await api.begin(this.layer, files, (part) => (this.sent = part))
      this.sent = null
      await this.#step(api.read(made.id, this.mode, {}))
    } catch (thrown) {
      this.problem = asProblem(thrown)
    }
    this.sent = null
  }

  /** Read the file again with one more answer. */
  async answer(more: api.Answers): Promise<void> {
    if (!this.now) return
    this.answers = {
      ...this.answers,
      ...more,
      columns: { ...this.answers.columns, ...more.columns },
      constants: { ...this.answers.constants, ...more.constants }
    }
    // A value for all rows gives way to the column that was chosen after it.
    for (const [field, column] of Object.entries(more.columns ?? {})) {
      if (column !== '') delete this.answers.constants?.[field]
    }
    for (const field of Object.keys(more.constants ?? {})) delete this.answers.columns?.[field]
    await this.#step(api.read(this.now.id, this.mode, this.answers))
  }

  land = (): Promise<void> => (this.now ? this.#step(api.land(this.now.id)) : Promise.resolve())
  undo = (): Promise<void> => (this.now ? this.#step(api.undo(this.now.id)) : Promise.resolve())

  /** The rows in quarantine as a file, to be mended in QGIS and sent again. */
  async saveQuarantine(): Promise<void> {
    if (!this.now) return
    try {
      const url = URL.createObjectURL(await api.quarantine(this.now.id))
      const link = Object.assign(document.createElement('a'), { href: url, download: 'cach_ly.gpkg' })
      link.click()
      setTimeout(() => URL.revokeObjectURL(url), 60_000)
    } catch (thrown) {
      this.problem = asProblem(thrown)
    }
  }

  /** Begin anew; what has landed stays. */
  drop(): void {
    this.#run += 1
    this.now = null
    this.report = null
    this.answers = {}
    this.problem = null
    clearPreview()
  }

  async list(): Promise<void> {
    if (this.layer !== '') this.history = await api.landed(this.layer).catch(() => [])
  }

  async #step(begun: Promise<api.Import>): Promise<void> {
    const run = (this.#run += 1)
    this.problem = null
    try {
      this.now = await begun
      while (run === this.#run && this.busy) {
        await new Promise((resolve) => setTimeout(resolve, BEAT_MS))
        const next = await api.state(this.now.id)
        if (run !== this.#run) return
        this.now = next
      }
      await this.#arrived()
    } catch (thrown) {
      if (run === this.#run) this.problem = asProblem(thrown)
    }
  }

  async #arrived(): Promise<void> {
    const now = this.now
    if (!now) return
    if (now.problem) {
      this.problem = new Problem(now.problem, 409)
      return
    }
    this.report = now.report ?? null
    if (now.step === 'read') {
      if (this.report?.dataset) await drawPreview(now.id, this.report.extent)
      announce(t(this.report?.can_land ? 'import_can' : 'import_cannot'))
      return
    }
    clearPreview()
    app.session?.refreshAll()
    announce(t(now.step === 'land' ? 'import_done' : 'import_undone'))
    await this.list()
  }
}

export const importing = new Importing()
