import { EMPTY, parseDraft, type Draft } from './fields'

const KEPT = 'diaban.draft'

function kept(): Draft {
  try {
    return parseDraft(localStorage.getItem(KEPT))
  } catch {
    return EMPTY
  }
}

/** The report being written; its text survives a reload, its photo does not. */
export const draft = $state<Draft>({ ...kept() })

/** Keep the draft; a storage that refuses costs the draft at the next reload, nothing now. */
export function keep(): void {
  try {
    const { contact_name: _name, contact_phone: _phone, ...rest } = draft
    // Personal data does not stay on a machine that others may use.
    localStorage.setItem(KEPT, JSON.stringify(rest))
  } catch {
    // See above.
  }
}

export function clearDraft(): void {
  Object.assign(draft, EMPTY)
  try {
    localStorage.removeItem(KEPT)
  } catch {
    // See above.
  }
}
