/**
 * Cividis in seven steps, light end first on a light ground: lightness falls evenly, also for colour-blind eyes.
 * The server draws its density tiles in the same ramp (geo/hotspots/surface.py).
 */
export const CIVIDIS = ['#fee838', '#d9c55c', '#b0a473', '#8b8879', '#666970', '#3f4e6d', '#00224e'] as const

/**
 * Incidents per km² and 30 days at each colour, half a power of ten apart. Fixed: a colour means one number for
 * every zoom, period and filter.
 */
export const RATES = [0.1, 0.3, 1, 3, 10, 30, 100] as const

/** What a cell's number of reports says against the whole province (Gi*, false discovery rate). Red to blue. */
export const STATE_COLORS = {
  hot99: '#b2182b',
  hot95: '#ef8a62',
  hot90: '#fddbc7',
  none: '#e9ecee',
  cold90: '#d1e5f0',
  cold95: '#67a9cf',
  cold99: '#2166ac',
  few: '#ffffff'
} as const

/** Histories of cells; reds and browns are hot, blues are cold, stronger is newer or growing. */
export const KIND_COLORS = {
  new_hot: '#67001f',
  consecutive_hot: '#b2182b',
  intensifying_hot: '#d6604d',
  persistent_hot: '#f4a582',
  sporadic_hot: '#e0c27a',
  oscillating_hot: '#bf812d',
  diminishing_hot: '#fddbc7',
  historical_hot: '#9a9a9a',
  new_cold: '#053061',
  consecutive_cold: '#2166ac',
  intensifying_cold: '#4393c3',
  persistent_cold: '#92c5de',
  sporadic_cold: '#80cdc1',
  oscillating_cold: '#35978f',
  diminishing_cold: '#d1e5f0',
  historical_cold: '#c4c4c4'
} as const

export type Kind = keyof typeof KIND_COLORS

export const CHANGE_COLORS = { more: '#b2182b', same: '#e9ecee', less: '#2166ac' } as const
