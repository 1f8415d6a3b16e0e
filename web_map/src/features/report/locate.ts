import type { LonLat } from '../../api/types'

export interface Fix extends LonLat {
  accuracy_m: number
}

const GOOD_M = 15
const LONGEST_MS = 20_000

/**
 * The device's position: watches until it is good to 15 m or 20 s have gone, then takes the best one seen.
 * Rejects where the device gives none.
 */
export function locate(better: (fix: Fix) => void): Promise<Fix> {
  return new Promise((resolve, reject) => {
    if (!('geolocation' in navigator)) {
      reject(new Error('no geolocation'))
      return
    }
    let best: Fix | null = null
    const end = (): void => {
      navigator.geolocation.clearWatch(watch)
      window.clearTimeout(timer)
      if (best) resolve(best)
      else reject(new Error('no position'))
    }
    const timer = window.setTimeout(end, LONGEST_MS)
    const watch = navigator.geolocation.watchPosition(
      ({ coords }) => {
        if (best && coords.accuracy >= best.accuracy_m) return
        best = { lon: coords.longitude, lat: coords.latitude, accuracy_m: coords.accuracy }
        better(best)
        if (best.accuracy_m <= GOOD_M) end()
      },
      end,
      { enableHighAccuracy: true, timeout: LONGEST_MS, maximumAge: 0 }
    )
  })
}
