import { day as written } from '../../i18n/format'
import { t } from '../../i18n/lang.svelte'
import { app } from '../../state/app.svelte'
import { announce } from '../../ui/announce.svelte'
import { at } from '../at/ask.svelte'
import { chosenDay, dayOf } from './days'

/** Show the map of a day (null: today), ask again what is at the place in view, and say so. */
export function showDay(asked: string | null): void {
  const next = chosenDay(asked, dayOf(new Date()))
  if (next === app.day) return
  app.day = next
  announce(next === null ? t('day_is_today') : t('day_map_of', { day: written(next) }))
  // Another day has other features under the same place, so nothing that was chosen stays.
  if (app.panel === 'at' && app.place) void at.ask(app.place)
  else app.highlighted = []
}
