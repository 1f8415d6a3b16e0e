// A screen reader speaks a change; the same words twice are no change without the zero-width mark.
let message = $state('')
let timer = 0

export function announced(): string {
  return message
}

/** Say `words` to screen readers; the latest of a burst wins. */
export function announce(words: string): void {
  window.clearTimeout(timer)
  timer = window.setTimeout(() => {
    message = message === words ? `${words}\u200b` : words
  }, 300)
}
