/** The option after a step of the arrow keys; before the first lies the last, and round again. */
export function moved(active: number, step: 1 | -1, count: number): number {
  if (count === 0) return -1
  if (active < 0) return step === 1 ? 0 : count - 1
  return (active + step + count) % count
}
