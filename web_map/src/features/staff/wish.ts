import type { Wish } from '../../api/staff'

/** Where a case may go, as the options of a list are named. */
export const OTHER_WARD = 'ward:'
export const REFUSE = 'refuse'

const CODE = /^\d{5}$/

/** What a hand-over says: a ward by its code, another body, or back; null while the choice is not whole. */
export function wishOf(choice: string, chosenCode: string, reason: string): Wish | null {
  if (choice === '') return null
  if (choice === REFUSE) return { reason, refuse: true }
  if (!choice.startsWith(OTHER_WARD)) return { reason, body: choice }
  const unit = choice.slice(OTHER_WARD.length) || chosenCode
  return CODE.test(unit) ? { reason, body: 'ward', unit } : null
}
