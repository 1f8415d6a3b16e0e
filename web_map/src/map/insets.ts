/** What panels cover of the map at each side, CSS pixels. */
export interface Insets {
  top: number
  right: number
  bottom: number
  left: number
}

export interface Size {
  width: number
  height: number
}

const MARGIN = 32
/** Less open map than this is none; the engine refuses paddings that leave nothing. */
const LEAST = 120

/** The padding that keeps a box clear of the panels, or of the map's edge only where they leave too little. */
export function padding(insets: Insets, { width, height }: Size): Insets {
  const fits = insets.left + insets.right < width - LEAST && insets.top + insets.bottom < height - LEAST
  const { top, right, bottom, left } = fits ? insets : { top: 0, right: 0, bottom: 0, left: 0 }
  return { top: top + MARGIN, right: right + MARGIN, bottom: bottom + MARGIN, left: left + MARGIN }
}

/** Whether a pixel lies on the open map, not under a panel and not off the screen. */
export function isClear({ x, y }: { x: number; y: number }, insets: Insets, { width, height }: Size): boolean {
  const across = x > insets.left + 16 && x < width - insets.right - 16
  return across && y > insets.top + 16 && y < height - insets.bottom - 16
}

/** From the middle of the map to the middle of its open part, x and y. */
export function offset(insets: Insets): [number, number] {
  return [(insets.left - insets.right) / 2, (insets.top - insets.bottom) / 2]
}
