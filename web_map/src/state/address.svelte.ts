import { hot } from '../features/hotspots/hot.svelte'
import { lang } from '../i18n/lang.svelte'
import { app, type Panel } from './app.svelte'
import { format, type UrlState } from './url'

const VIEWS: Readonly<Record<Panel, UrlState['view']>> = {
  none: 'map',
  at: 'map',
  report: 'report',
  track: 'track',
  hotspots: 'hotspots',
  staff: 'map'
}

/** Keep the address bar current; call once, while a component is made. */
export function followAddress(): void {
  $effect(() => {
    if (!app.config) return
    const view = VIEWS[app.panel]
    const next = format({
      lang: lang(),
      camera: app.camera,
      layers: app.chosenLayers,
      day: app.day,
      // Where a person stands or reported is nobody's business in a shared link.
      place: view === 'report' || view === 'track' ? null : app.place,
      selected: app.selected,
      view,
      code: app.code,
      hotspots: hot.url
    })
    if (next !== location.pathname + location.search) history.replaceState(null, '', next)
  })
}
