const OWN_TILES = /^\/tiles\/([^/]+)(?:\/\d+\/\d+\/\d+\.mvt|\.json)$/

/**
 * An address that the map asks for, absolute, since workers have no page to resolve it against.
 * Own tiles come from the page's own origin, by whatever name the server knows itself, and carry the version
 * of their layers, so that no cache on the way answers with an older one.
 */
export function tileAddress(url: string, epochs: ReadonlyMap<string, string>, page: string): string {
  const asked = new URL(url, page)
  const names = OWN_TILES.exec(decodeURIComponent(asked.pathname))?.[1]?.split(',')
  if (!names) return asked.href
  const own = new URL(asked.pathname + asked.search, page)
  const versions = names.map((name) => epochs.get(name)).filter((epoch) => epoch !== undefined)
  if (versions.length > 0 && own.pathname.endsWith('.mvt')) own.searchParams.set('v', versions.join('.'))
  return own.href
}
