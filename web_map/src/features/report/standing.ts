import type { Decision } from '../../api/types'

/** Where a place stands among the wards: its own, how near the border is, and the sides to choose between. */
export interface Standing {
  name: string
  border_m: number | null
  /** Wards, its own first; fewer than two where nobody needs to be asked. */
  sides: readonly Side[]
}

export interface Side {
  id: string
  name: string
}

// More are no question that a person on a street can answer: then the position is the trouble.
const SIDES_MAX = 5

/** What the form says of a place, from the decision that its report would get; null outside every ward. */
export function standingOf(decision: Decision): Standing | null {
  const { unit, candidates } = decision
  if (decision.triage === 'outside') return null
  const own = candidates.find(({ code }) => code === unit?.code)
  const others = candidates.filter(({ code }) => code !== unit?.code)
  const near = decision.ask_reporter ? [...(own ? [own] : []), ...others] : []
  const sides = near.map(({ unit_id, name }) => ({ id: unit_id, name }))
  return { name: unit?.name ?? decision.body.title.vi, border_m: own?.border_m ?? null, sides: sides.slice(0, SIDES_MAX) }
}
