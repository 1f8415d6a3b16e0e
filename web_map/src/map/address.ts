const OWN_TILES = /^\/tiles\/([^/]+)(?:\/\d+\/\d+\/\d+\.mvt|\.json)$/

/** What the addresses of own tiles carry: versions of layers, and the day shown of those with valid time. */
export interface Asked {
  readonly epochs: Map<string, string>
  readonly dated: ReadonlySet<string>
  day: string | null
}

/**
 * An address that the map asks for, absolute, since workers have no page to resolve it against.
 * Own tiles come from the page's own origin, by whatever name the server knows itself, and carry the version
 * of their layers, so that no cache on the way answers with an older one, and the day that the map shows.
 */
export function tileAddress(url: string, { epochs, dated, day }: Readonly<Asked>, page: string): string {
  const asked = new URL(url, page)
  const names = OWN_TILES.exec(decodeURIComponent(asked.pathname))?.[1]?.split(',')
  if (!names) return asked.href
  const own = new URL(asked.pathname + asked.search, page)
  const versions = names.map((name) => epochs.get(name)).filter((epoch) => epoch !== undefined)
  // Not the TileJSON: the tiles it names would keep the day for good.
  if (!own.pathname.endsWith('.mvt')) return own.href
  if (versions.length > 0) own.searchParams.set('v', versions.join('.'))
  if (day !== null && names.some((name) => dated.has(name))) own.searchParams.set('datetime', day)
  return own.href
}
