import type { Bbox } from '../api/types'

export interface TilePlace {
  z: number
  x: number
  y: number
}

interface Change {
  epoch: string
  bbox: Bbox | null
}

/** As far as a tile's content reaches over its border, in sides of a tile; a hair more than the server's. */
const REACH = 1.01 / 64
/** Older changes count as changes everywhere: their tiles are asked for once too often, never too seldom. */
const REMEMBERED = 200
/** More tiles than a window shows at one zoom: cheaper to ask for all. */
const MANY = 500

/** West, north, east, south as shares of the world, from its north-west corner. */
function shares([west, south, east, north]: Bbox): [number, number, number, number] {
  const down = (lat: number): number => {
    const sine = Math.sin((Math.min(Math.max(lat, -85.0511), 85.0511) * Math.PI) / 180)
    return 0.5 - Math.atanh(sine) / (2 * Math.PI)
  }
  return [(west + 180) / 360, down(north), (east + 180) / 360, down(south)]
}

/** First and last column and row that a box touches at a zoom, buffers included. */
function span(bbox: Bbox, z: number): [number, number, number, number] {
  const side = 2 ** z
  const [west, north, east, south] = shares(bbox)
  const within = (value: number): number => Math.min(Math.max(value, 0), side - 1)
  return [
    within(Math.floor(west * side - REACH)),
    within(Math.floor(east * side + REACH)),
    within(Math.floor(north * side - REACH)),
    within(Math.floor(south * side + REACH))
  ]
}

export function touches(bbox: Bbox, { z, x, y }: TilePlace): boolean {
  const [left, right, top, bottom] = span(bbox, z)
  return x >= left && x <= right && y >= top && y <= bottom
}

function common(a: Bbox, b: Bbox): Bbox | null {
  const box: Bbox = [Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])]
  return box[0] <= box[2] && box[1] <= box[3] ? box : null
}

/** The tiles of these zooms within a view that a change touches; null where that is nearly all of them. */
export function touchedTiles(bbox: Bbox | null, view: Bbox, zooms: Iterable<number>): TilePlace[] | null {
  if (bbox === null) return null
  const found: TilePlace[] = []
  for (const z of zooms) {
    // What is drawn at the edge of the view may reach in from a tile beyond it.
    const margin = 360 / 2 ** z
    const seen = common(bbox, [view[0] - margin, view[1] - margin, view[2] + margin, view[3] + margin])
    if (seen === null) continue
    const [left, right, top, bottom] = span(seen, z)
    if ((right - left + 1) * (bottom - top + 1) + found.length > MANY) return null
    for (let x = left; x <= right; x++) for (let y = top; y <= bottom; y++) found.push({ z, x, y })
  }
  return found
}

/** What the map was told of each layer since it was opened: which version a tile has. */
export class Versions {
  readonly #changes = new Map<string, Change[]>()

  note(layer: string, epoch: string, bbox: Bbox | null): void {
    const changes = bbox === null ? [] : (this.#changes.get(layer) ?? [])
    changes.push({ epoch, bbox })
    if (changes.length > REMEMBERED) {
      const [oldest, next] = changes.splice(0, 2)
      changes.unshift({ epoch: (next ?? oldest)?.epoch ?? epoch, bbox: null })
    }
    this.#changes.set(layer, changes)
  }

  /** The newest change that touches a tile; undefined where none does: it is as it was when the map opened. */
  of(layer: string, tile: TilePlace): string | undefined {
    return this.#changes.get(layer)?.findLast(({ bbox }) => bbox === null || touches(bbox, tile))?.epoch
  }
}
