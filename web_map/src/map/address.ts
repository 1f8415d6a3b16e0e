import type { Versions } from './touched'

const OWN_TILES = /^\/tiles\/([^/]+)(?:\/(\d+)\/(\d+)\/(\d+)\.mvt|\.json)$/

/** What the addresses of own tiles carry: their versions, and the day shown of layers with valid time. */
export interface Asked {
  readonly versions: Versions
  readonly dated: ReadonlySet<string>
  day: string | null
}

/**
 * An address that the map asks for, absolute, since workers have no page to resolve it against.
 * Own tiles come from the page's own origin, by whatever name the server knows itself, and carry the version
 * that the map was told of, so that no cache on the way answers with an older one, and the day that the map shows.
 */
export function tileAddress(url: string, { versions, dated, day }: Readonly<Asked>, page: string): string {
  const asked = new URL(url, page)
  const found = OWN_TILES.exec(decodeURIComponent(asked.pathname))
  const names = found?.[1]?.split(',')
  if (!found || !names) return asked.href
  const own = new URL(asked.pathname + asked.search, page)
  // Not the TileJSON: the tiles it names would keep the day for good.
  if (!own.pathname.endsWith('.mvt')) return own.href
  const tile = { z: Number(found[2]), x: Number(found[3]), y: Number(found[4]) }
  const epochs = names.map((name) => versions.of(name, tile)).filter((epoch) => epoch !== undefined)
  if (epochs.length > 0) own.searchParams.set('v', epochs.join('.'))
  if (day !== null && names.some((name) => dated.has(name))) own.searchParams.set('datetime', day)
  return own.href
}
