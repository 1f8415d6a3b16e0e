// The doors of hotspots. Staff ask for days, categories and channels; the public for months and groups.
import { authorization } from '../state/token.svelte'
import { address, get, post } from './client'
import { hearStream, type Said } from './stream'
import type { Hex, Text } from './types'

export interface Choices {
  audience: 'staff' | 'public'
  k: number
  groups: { code: string; title: Text; categories: string[] }[]
  /** First and last month that the public was told, `YYYY-MM`. */
  months: [string, string] | null
}

export type State = 'hot99' | 'hot95' | 'hot90' | 'none' | 'cold90' | 'cold95' | 'cold99' | 'few'

export interface CellFigures {
  cell: string
  incidents: number
  contacts: number
  rate: number
  state?: State
  q?: number
  kind?: string
  trend?: number
  recent?: number
  before?: number
  now?: number
  expected?: number
  change?: number
}

export interface Cells {
  type: 'FeatureCollection'
  features: (Omit<Hex, 'properties'> & { properties: CellFigures })[]
  parameters: {
    from: string
    to: string
    from2?: string
    to2?: string
    /** Of cells; of emerging cells the incidents, of two periods those of each. */
    n?: { cells: number; incidents: number; contacts: number } | { before: number; now: number } | number
    mixed?: number
  }
}

export interface Question {
  from?: string
  to?: string
  category?: string
  channel?: string
  group?: string
  resolution?: number
  state?: string
  [more: string]: string | number | undefined
}

export interface Hours {
  incidents: number[][]
  contacts: number[][]
  days: number[]
}

export interface WardRow {
  code: string
  name: string
  population: number | null
  incidents: number
  contacts: number
  rate: number | null
  shrunk_rate: number | null
  per_km2: number | null
}

export interface CellReport {
  code: string
  category: string
  status: string
  channel: string
  received_at: string
  incident_code: string | null
  ward: string | null
  text: string | null
  lon: number
  lat: number
}

export interface Alarm {
  id: number
  day: string
  first_day: string
  cells: string[]
  lon: number
  lat: number
  radius_m: number
  observed: number
  expected: number
  recurrence_days: number
  seen_by: string | null
}

const DOOR = '/api/hotspots'

export const choices = (signal?: AbortSignal): Promise<Choices> => get(`${DOOR}/choices`, {}, signal)
export const cells = (asked: Question, signal: AbortSignal): Promise<Cells> => get(DOOR, asked, signal)
export const emerging = (asked: Question, signal: AbortSignal): Promise<Cells> =>
  get(`${DOOR}/emerging`, asked, signal)
export const compare = (asked: Question, signal: AbortSignal): Promise<Cells> =>
  get(`${DOOR}/compare`, asked, signal)
export const hours = (asked: Question, signal: AbortSignal): Promise<Hours> => get(`${DOOR}/hours`, asked, signal)
export const wards = async (asked: Question, signal: AbortSignal): Promise<WardRow[]> =>
  (await get<{ wards: WardRow[] }>(`${DOOR}/wards`, asked, signal)).wards
export const cellReports = (
  cell: string,
  asked: Question,
  signal: AbortSignal
): Promise<{ reports: CellReport[]; more: boolean }> =>
  get(`${DOOR}/cells/${encodeURIComponent(cell)}/reports`, asked, signal)
export const alarms = async (): Promise<Alarm[]> => (await get<{ alarms: Alarm[] }>(`${DOOR}/alarms`)).alarms
export const seen = (id: number): Promise<unknown> => post(`${DOOR}/alarms/${id}/seen`, {})

/** Where the cells of a question are drawn: an address with {z}, {x} and {y}. */
export const cellTiles = (asked: Question): string => address(`${DOOR}/tiles/{z}/{x}/{y}.mvt`, asked)

/** Where the density of a question is drawn: an address with {z}, {x} and {y}. */
export const densityTiles = (asked: Question): string =>
  address(`${DOOR}/density/{z}/{x}/{y}.png`, asked)

/** A file of a question; asked for with the token, so not by a plain link. */
export async function file(path: string, asked: Question): Promise<Blob | null> {
  const answer = await fetch(address(`${DOOR}${path}`, asked), { headers: authorization() })
  return answer.ok ? answer.blob() : null
}

/** The alarm that an event tells of, or null. */
export function parseAlarm({ kind, data }: Said): Alarm | null {
  if (kind !== 'alarm') return null
  try {
    return JSON.parse(data) as Alarm
  } catch {
    return null
  }
}

/** Listen to alarms until the returned function is called. */
export function listenAlarms(told: (alarm: Alarm) => void): () => void {
  return hearStream(`${DOOR}/alarms/events`, (said) => {
    const alarm = parseAlarm(said)
    if (alarm) told(alarm)
  })
}
