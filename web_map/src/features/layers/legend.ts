import type { LayerInfo, LegendEntry } from '../../api/types'

/** A legend this short stands open; a longer one is folded, so that a phone shows the next layer too. */
export const SHORT = 6

/** Entries without doubles: codes that share words and colour are one row. */
export function entries(layer: Pick<LayerInfo, 'legend'>): LegendEntry[] {
  const seen = new Set<string>()
  return layer.legend.filter((entry) => {
    const key = `${entry.color}|${entry.shape}|${entry.label.vi}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

/** Whether the layer's own tiles begin above this zoom. */
export function hiddenAt(layer: Pick<LayerInfo, 'min_zoom'>, zoom: number | null): boolean {
  return zoom !== null && zoom < layer.min_zoom
}

/** The edge of a swatch: the fill darkened, since most official land-use fills are paler than 3:1 on white. */
export function edge(color: string): string {
  const channels = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(color)?.slice(1)
  if (!channels) return '#5b6770'
  const dark = channels.map((hex) => Math.round(Number.parseInt(hex, 16) * 0.55))
  return `rgb(${dark.join(' ')})`
}
