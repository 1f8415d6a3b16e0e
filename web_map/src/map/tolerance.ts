/** Circumference of the sphere of Web Mercator, metres (EPSG:3857: radius 6 378 137 m). */
const EQUATOR_M = 2 * Math.PI * 6_378_137
/** A world at zoom 0 is one tile of 512 CSS pixels in MapLibre. */
const WORLD_PX = 512

/** Metres on the ground that one CSS pixel covers at a latitude and zoom. */
export function metresPerPixel(lat: number, zoom: number): number {
  return (EQUATOR_M * Math.cos((lat * Math.PI) / 180)) / (WORLD_PX * 2 ** zoom)
}

/** A finger's or pointer's tolerance in metres; never under half a metre, at most what the door takes. */
export function toleranceMetres(lat: number, zoom: number, pixels = 5, most = 500): number {
  return Math.min(most, Math.max(0.5, pixels * metresPerPixel(lat, zoom)))
}
