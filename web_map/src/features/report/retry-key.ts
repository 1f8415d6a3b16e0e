import type { Draft } from './fields'

/** 128 random bits as hex; `crypto.randomUUID` is missing on plain http. */
function random(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** The key of a report's tries: kept while the report is the same, new when anything in it changed. */
export class RetryKey {
  #content = ''
  #photo: Blob | null = null
  #key = ''

  key(draft: Draft, photo: Blob | null): string {
    const content = JSON.stringify(draft)
    if (this.#key === '' || content !== this.#content || photo !== this.#photo) {
      this.#content = content
      this.#photo = photo
      this.#key = random()
    }
    return this.#key
  }
}
