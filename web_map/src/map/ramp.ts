/** Cividis in seven steps, light end first on a light ground: lightness falls evenly, also for colour-blind eyes. */
export const CIVIDIS = ['#fee838', '#d9c55c', '#b0a473', '#8b8879', '#666970', '#3f4e6d', '#00224e'] as const

const STEPS = [1, 1.5, 2, 3, 5, 7]

/** The largest of 1, 1.5, 2, 3, 5, 7 × 10ⁿ that is not above `value` (> 0). */
export function roundDown(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  const lead = value / power
  const step = STEPS.filter((candidate) => candidate <= lead * (1 + 1e-9)).at(-1) ?? 1
  return Number((step * power).toPrecision(2))
}

/**
 * Rising class limits from the values' quantiles, rounded down to two figures at most.
 * They depend on the question only, never on the view, so a colour keeps its meaning while the map moves.
 */
export function breaks(values: readonly number[], classes: number = CIVIDIS.length): number[] {
  const sorted = values.filter((value) => value > 0).sort((a, b) => a - b)
  const found = new Set<number>()
  // Even in rank at the low end, then finer towards the few high cells that matter.
  const ranks = [0.35, 0.6, 0.78, 0.89, 0.95, 0.985].slice(0, classes - 1)
  for (const rank of ranks) {
    const value = sorted[Math.floor(rank * sorted.length)]
    if (value !== undefined) found.add(roundDown(value))
  }
  const smallest = sorted[0]
  return [...found].filter((limit) => smallest !== undefined && limit > smallest)
}

/** The colours for `limits.length + 1` classes, spread over the whole ramp. */
export function colors(count: number): string[] {
  if (count <= 1) return [CIVIDIS[3]]
  return Array.from({ length: count }, (_, index) => {
    const at = Math.round((index * (CIVIDIS.length - 1)) / (count - 1))
    return CIVIDIS[at] ?? CIVIDIS[0]
  })
}

export interface Class {
  color: string
  from: number | null
  below: number | null
}

/** The legend's rows, lowest first; `null` is an open end. */
export function classes(limits: readonly number[]): Class[] {
  return colors(limits.length + 1).map((color, index) => ({
    color,
    from: limits[index - 1] ?? null,
    below: limits[index] ?? null
  }))
}
