const KEPT = 'diaban.token'
// What a header may carry; anything else would be no token either.
const SHAPE = /^[\x21-\x7e]{8,4096}$/

function kept(): string | null {
  try {
    return sessionStorage.getItem(KEPT)
  } catch {
    return null
  }
}

let current = $state<string | null>(kept())

/** The access token of a member of staff; it lives as long as the tab and is never part of an address. */
export function token(): string | null {
  return current
}

/** Whether a text can be a token at all. */
export function isToken(text: string): boolean {
  return SHAPE.test(text)
}

const told = new Set<() => void>()

/** Call `changed` whenever somebody signs in or out, until the returned function is called. */
export function onToken(changed: () => void): () => void {
  told.add(changed)
  return () => told.delete(changed)
}

export function setToken(next: string | null): void {
  const isNew = next !== current
  current = next
  try {
    if (next === null) sessionStorage.removeItem(KEPT)
    else sessionStorage.setItem(KEPT, next)
  } catch {
    // A storage that refuses costs the sign-in at the next reload, nothing now.
  }
  if (isNew) for (const changed of [...told]) changed()
}

/** The header that tells the doors who asks; empty for the public. */
export function authorization(): Record<string, string> {
  return current === null ? {} : { authorization: `Bearer ${current}` }
}
