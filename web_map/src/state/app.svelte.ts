import * as api from '../api/client'
import type { Problem } from '../api/problem'
import { asProblem } from '../api/problem'
import type { Config, LayerInfo, LonLat, Text } from '../api/types'
import { say, t } from '../i18n/lang.svelte'
import type { Camera } from '../map/engine'
import type { MapSession } from '../map/session'

export type Panel = 'none' | 'at' | 'report' | 'hotspots' | 'track' | 'staff'

/** How the report form asks the map for a place: not at all, or by crosshair and tap. */
export type Picking = 'off' | 'on'

/** What the whole screen shares. Questions and answers of one feature live in that feature. */
class App {
  config = $state.raw<Config | null>(null)
  layers = $state.raw<readonly LayerInfo[] | null>(null)
  problem = $state.raw<Problem | null>(null)
  /** The day that layers with valid time show, `YYYY-MM-DD`; null is today. */
  day = $state<string | null>(null)
  visible = $state.raw<ReadonlySet<string>>(new Set())
  /** Layers hidden for a moment, by a mode that needs a quiet ground. */
  muted = $state.raw<ReadonlySet<string>>(new Set())
  layersOpen = $state(false)
  /** Whether something else stands where the panel of layers does. */
  besideOpen = $state(false)
  panel = $state<Panel>('none')
  camera = $state.raw<Camera | null>(null)
  place = $state.raw<LonLat | null>(null)
  selected = $state.raw<{ layer: string; id: number } | null>(null)
  highlighted = $state.raw<readonly { layer: string; id: number }[]>([])
  /** The wards that were considered for a case, as the map draws them. */
  candidates = $state.raw<GeoJSON.FeatureCollection | null>(null)
  code = $state<string | null>(null)
  picking = $state<Picking>('off')
  /** Who wants the place that is picked; null: the report form. */
  picked = $state.raw<((place: LonLat) => void) | null>(null)
  crosshair = $state(false)
  mapWanted = $state(false)
  session = $state.raw<MapSession | null>(null)
  wide = $state(false)

  /** Settings and layers of this province; an error stays in `problem` until the next try. */
  async load(names: readonly string[] | null): Promise<void> {
    this.problem = null
    try {
      const [config, layers] = await Promise.all([api.config(), api.layers()])
      this.config = config
      this.layers = [...layers].sort((a, b) => a.order - b.order || a.name.localeCompare(b.name))
      const known = new Set(layers.map((layer) => layer.name))
      const shown = layers.filter((layer) => layer.shown).map((layer) => layer.name)
      this.visible = new Set((names ?? shown).filter((name) => known.has(name)))
    } catch (thrown) {
      this.problem = asProblem(thrown)
    }
  }

  toggle(name: string): void {
    const next = new Set(this.visible)
    if (!next.delete(name)) next.add(name)
    this.visible = next
  }

  get drawn(): ReadonlySet<string> {
    return new Set([...this.visible].filter((name) => !this.muted.has(name)))
  }

  /** The names that differ from what the province shows first, or null where nothing differs. */
  get chosenLayers(): readonly string[] | null {
    if (!this.layers) return null
    const same = this.layers.every((layer) => layer.shown === this.visible.has(layer.name))
    return same ? null : this.layers.filter((layer) => this.visible.has(layer.name)).map((layer) => layer.name)
  }

  get title(): string {
    return this.province === '' ? t('product') : t('of_province', { province: this.province })
  }

  /** The province's name as it stands within a sentence: "tỉnh Đồng Tháp". */
  get province(): string {
    return say(this.config?.province.name).replace(/^(Tỉnh|Thành phố) /, (kind) => kind.toLowerCase())
  }

  /** What must be said of the data shown: that they are approximate or made up, each sentence once. */
  get notes(): readonly Text[] {
    const all = [this.config?.approximate, ...(this.layers ?? []).map((layer) => layer.approximate)]
    const seen = new Map(all.flatMap((note) => (note ? [[note.vi, note] as const] : [])))
    return [...seen.values()]
  }

  /** Let the person choose a place on the map. */
  pick(picked: ((place: LonLat) => void) | null): void {
    this.picked = picked
    this.mapWanted = true
    this.picking = 'on'
  }

  open(panel: Panel): void {
    this.panel = panel
    if (!this.wide) this.layersOpen = false
  }

  close(): void {
    this.panel = 'none'
    this.place = null
    this.selected = null
    this.highlighted = []
    this.candidates = null
    this.picking = 'off'
  }

  /** What the panels cover of the map, CSS pixels. */
  get insets(): { top: number; right: number; bottom: number; left: number } {
    if (this.wide) {
      return { top: 0, right: this.panel === 'none' ? 0 : 400, bottom: 0, left: this.layersOpen || this.besideOpen ? 320 : 0 }
    }
    const sheet = (this.panel === 'none' && !this.layersOpen) || this.picking === 'on' ? 0 : 0.55
    return { top: 0, right: 0, bottom: Math.round(innerHeight * sheet), left: 0 }
  }
}

export const app = new App()
