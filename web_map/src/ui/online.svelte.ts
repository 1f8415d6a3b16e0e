let on = $state(navigator.onLine)

addEventListener('online', () => (on = true))
addEventListener('offline', () => (on = false))

/** Whether the machine believes that it has a network. */
export function online(): boolean {
  return on
}
