import type { Unit } from '../../api/client'
import type { SearchHit, Text } from '../../api/types'
import { day as written } from '../../i18n/format'
import { dayBefore } from '../day/days'

/** The layer of wards: the doors' word, not the map's. */
export const UNITS = 'admin_units'

/** A unit of another time as something to be found; `day` is the day nearest to the map's on which it was there. */
export function hitOf(unit: Unit, layer_title: Text, mapDay: string): SearchHit {
  const ended = unit.valid_to !== null && unit.valid_to <= mapDay
  const day = ended && unit.valid_to !== null ? dayBefore(unit.valid_to) : unit.valid_from
  const where = [unit.district_name, unit.province_name].filter(Boolean).join(', ')
  const when = ended
    ? { vi: `đến ${written(day)}`, en: `until ${written(day)}` }
    : { vi: `từ ${written(day)}`, en: `from ${written(day)}` }
  const subtitle = { vi: `${where} · ${when.vi}`, en: `${where} · ${when.en}` }
  return { layer: UNITS, layer_title, id: unit.feature_id, title: unit.name, subtitle, bbox: unit.bbox, day }
}
