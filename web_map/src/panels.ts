/** Panels that load when they are asked for. */
export const panels = {
  report: () => import('./features/report/ReportPanel.svelte').then((module) => module.default),
  track: () => import('./features/track/TrackPanel.svelte').then((module) => module.default),
  staff: () => import('./features/staff/StaffPanel.svelte').then((module) => module.default),
  hotspots: () => import('./features/hotspots/HotspotPanel.svelte').then((module) => module.default)
}

// Fetched ahead in a quiet moment: a network that goes away later does not take the form with it.
setTimeout(() => void Promise.all(Object.values(panels).map((panel) => panel())).catch(() => undefined), 4000)
