import { hearStream, type Said } from './stream'
import type { Bbox } from './types'

/** A layer has a new version; maps that show it ask for its tiles again. */
export interface LayerChanged {
  layer: string
  epoch: number | string
  /** Where: null where it may be anywhere. */
  bbox: Bbox | null
}

/** The event's data as a value, or null where it is not one. */
export function parseChange(data: string): LayerChanged | null {
  try {
    const said = JSON.parse(data) as Partial<LayerChanged> | null
    if (said === null || typeof said.layer !== 'string') return null
    return { layer: said.layer, epoch: said.epoch ?? Date.now(), bbox: isBbox(said.bbox) ? said.bbox : null }
  } catch {
    return null
  }
}

function isBbox(value: unknown): value is Bbox {
  return Array.isArray(value) && value.length === 4 && value.every(Number.isFinite)
}

/** Layers whose epoch is another than when the stream was last open: what they were told meanwhile is unknown. */
export function missed(known: ReadonlyMap<string, number>, epochs: Record<string, number>): LayerChanged[] {
  return Object.entries(epochs)
    .filter(([layer, epoch]) => known.has(layer) && known.get(layer) !== epoch)
    .map(([layer, epoch]) => ({ layer, epoch, bbox: null }))
}

export function parseEpochs(data: string): Record<string, number> {
  try {
    return JSON.parse(data) as Record<string, number>
  } catch {
    return {}
  }
}

/**
 * Listen to changes of layers until the returned function is called. What was missed while the line was down, or
 * while another tab kept it, is told when it is up again.
 */
export function listen(changed: (change: LayerChanged) => void): () => void {
  const known = new Map<string, number>()
  const hear = ({ kind, data }: Said): void => {
    if (kind === 'layers') {
      const epochs = parseEpochs(data)
      const changes = missed(known, epochs)
      for (const [layer, epoch] of Object.entries(epochs)) known.set(layer, epoch)
      for (const change of changes) changed(change)
    }
    const change = kind === 'layer' ? parseChange(data) : null
    if (change) {
      known.set(change.layer, Number(change.epoch))
      changed(change)
    }
  }
  const standing = (): Said => ({ kind: 'layers', data: JSON.stringify(Object.fromEntries(known)) })
  return hearStream('/api/events', hear, standing)
}
