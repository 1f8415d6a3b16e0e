// The doors for files: sent, read, answered, landed, undone. Staff only.
import { authorization } from '../state/token.svelte'
import { address, get, post } from './client'
import { fromAnswer, unreachable } from './problem'
import type { Text } from './types'

export interface Guess {
  key: string
  label: Text
  score: number
  evidence: Text[]
}

export interface Question {
  question: string
  text: Text
  option: string
  guesses: Guess[]
}

export interface Note {
  code: string
  severity: 'info' | 'repaired' | 'quarantined' | 'refused'
  text: Text
  count: number
  rows: number[]
  place: [number, number] | null
  column: string | null
}

export interface Difference {
  new: number
  changed: number
  succeeded: number
  same: number
  gone: number
  kept: number
  duplicate: number
  conflicting: number
}

/** A field of the layer, for saying which column fills it; `codes` where it takes only those. */
export interface Field {
  name: string
  title: Text
  required: boolean
  codes: { code: string; title: Text }[] | null
}

export interface Report {
  file: { name: string; driver: string | null; inner_layer: string; inner_layers: { name: string; rows: number | null }[] }
  reading: {
    crs: { key: string; name: string; epsg: number | null; operation: string }
    columns: { field: string; title: Text | null; column: string }[]
    ignored: string[]
    encodings: Record<string, string>
    personal: Record<string, string>
    constants: Record<string, string>
  } | null
  fields: Field[]
  columns: string[]
  guesses: { crs: Guess[]; encoding: Guess[]; columns: Record<string, Guess[]> }
  questions: Question[]
  rows: { file: number; read: number; taken: number; quarantined: number }
  notes: Note[]
  faults: {
    by_kind: { code: string; column: string | null; count: number; text: Text }[]
    first: { row: number; reason: Text; column: string | null; value: string | null }[]
  }
  difference: Difference | null
  extent: [number, number, number, number] | null
  can_land: boolean
  dataset?: number
}

export interface Import {
  id: string
  layer: string
  names: string[]
  mode: Mode
  step: 'upload' | 'read' | 'land' | 'undo'
  status: 'accepted' | 'running' | 'successful' | 'failed' | 'dismissed'
  progress: number | null
  message: Text | null
  problem: { vi: string; en: string } | null
  dataset: { id: number; state: string; counts: Record<string, number> } | null
  report?: Report | null
}

export type Mode = 'update' | 'append' | 'replace'
export interface Answers {
  crs?: string
  encoding?: string
  inner_layer?: string
  scheme?: string
  valid_from?: string
  gone_from?: string
  columns?: Record<string, string>
  constants?: Record<string, string>
}

export interface Landed {
  id: number
  layer: string
  state: 'landed' | 'rolled_back'
  source_name: string
  crs: string | null
  counts: Record<string, number>
  actor: string
  at: string
}

const one = (id: string, step = ''): string => `/api/imports/${encodeURIComponent(id)}${step}`

/** Send a file; `progress` hears how much of it has left the machine (0 to 1). */
function upload(method: 'POST' | 'PUT', url: string, file: File, progress: (part: number) => void): Promise<Import> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open(method, url)
    request.responseType = 'json'
    for (const [name, value] of Object.entries(authorization())) request.setRequestHeader(name, value)
    request.setRequestHeader('content-type', 'application/octet-stream')
    request.upload.onprogress = (event) => {
      if (event.lengthComputable && event.total > 0) progress(event.loaded / event.total)
    }
    request.onload = () => {
      if (request.status < 300 && request.response) resolve(request.response as Import)
      else reject(fromAnswer(request.status, request.response))
    }
    request.onerror = () => reject(unreachable())
    request.send(file)
  })
}

/** Begin an import with all parts of a data set; the first is any of them. */
export async function begin(layer: string, files: readonly File[], progress: (part: number) => void): Promise<Import> {
  const [first, ...others] = files
  if (!first) throw unreachable()
  let made = await upload('POST', address('/api/imports', { layer, name: first.name }), first, progress)
  for (const file of others) made = await upload('PUT', address(one(made.id, '/parts'), { name: file.name }), file, progress)
  return made
}

export const read = (id: string, mode: Mode, answers: Answers): Promise<Import> => post(one(id, '/read'), { mode, answers })
export const land = (id: string): Promise<Import> => post(one(id, '/land'), {})
export const undo = (id: string): Promise<Import> => post(one(id, '/undo'), {})
export const state = (id: string): Promise<Import> => get(one(id))
export const preview = (id: string): Promise<GeoJSON.FeatureCollection> => get(one(id, '/preview'))
/** The rows that could not be taken, as a GeoPackage. */
export async function quarantine(id: string): Promise<Blob> {
  const answer = await fetch(one(id, '/quarantine'), { headers: authorization() }).catch(() => null)
  if (!answer) throw unreachable()
  if (!answer.ok) throw fromAnswer(answer.status, await answer.json().catch(() => null))
  return answer.blob()
}
export const landed = async (layer: string): Promise<Landed[]> =>
  (await get<{ datasets: Landed[] }>('/api/datasets', { layer })).datasets
