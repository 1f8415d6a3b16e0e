// The JSON that the doors answer with. Coordinates are degrees of WGS 84, lon before lat.

/** A text for people, Vietnamese first. */
export interface Text {
  vi: string
  en: string
}

export type Bbox = [west: number, south: number, east: number, north: number]

export interface LonLat {
  lon: number
  lat: number
}

export interface Basemap {
  tiles: string[]
  attribution?: string
  kind: 'raster' | 'vector'
  minzoom?: number
  maxzoom?: number
  bounds?: Bbox
  vector_layers?: { id: string }[]
}

export interface Config {
  province: { code: string; name: { vi: string; en?: string } }
  bbox: Bbox
  center: [lon: number, lat: number]
  zoom?: number
  basemap: Basemap | null
  limits: { photo_bytes: number; text_max: number; text_min: number }
  approximate: Text | null
  demo?: boolean
}

export interface LegendEntry {
  value: string | null
  label: Text
  color: string
  shape: 'fill' | 'line' | 'circle'
}

export interface LayerInfo {
  name: string
  title: Text
  description: Text
  owner: Text
  licence: Text
  approximate: Text | null
  geometry: string
  order: number
  shown: boolean
  valid_time?: boolean
  min_zoom: number
  max_zoom: number
  label: string | null
  legend: LegendEntry[]
  links?: { items?: string; tilejson?: string; page?: string }
}

export interface SearchHit {
  layer: string
  layer_title: Text
  id: number
  title: string
  subtitle: string | Text | null
  bbox: Bbox
  /** The day on which it was in force, where it is not on the day of the map. */
  day?: string
}

export interface AtRow {
  name: string
  title: Text
  value: string | number | boolean | Text | null
  unit?: string | null
}

export interface AtFeature {
  id: number
  title: string | Text | null
  rows: AtRow[]
}

export interface AtLayer {
  layer: string
  layer_title: Text
  features: AtFeature[]
  approximate?: Text | null
  /** Whether there were more than the door lists. */
  more?: boolean
}

export type Confidence = 'inside' | 'near_boundary' | 'overlap' | 'gap_snapped' | 'outside' | 'no_location'

/** A ward that routing considered: how far the place lies from it (0: within) and from its border. */
export interface Candidate {
  /** The version of the ward, as the layer of wards numbers it. */
  feature_id: number
  unit_id: string
  code: string
  name: string
  /** Null where the ward is known by its name only. */
  distance_m: number | null
  border_m: number | null
  /** The part of the accuracy's disc that lies in it, 0 to 1. */
  share?: number
}

export interface NamedUnit {
  id: string
  code: string
  name: string
}

/** Who acts on a case, and why. */
export interface Decision {
  body: { id: string; kind: string; title: Text }
  unit: NamedUnit | null
  confidence: Confidence
  ask_reporter: boolean
  triage: string | null
  rule: { id: string; version: number }
  reason: Text
  as_of: string
  candidates: Candidate[]
}

export interface Category {
  code: string
  title: Text
}

export interface ReportState {
  code: string
  status: string
  status_title: Text
  category: string
  category_title: Text
  received_at: string
  ward: { code: string; name: string } | null
  next: Text
  url: string
  history?: { at: string; status: string; title: Text }[]
}

export interface Hex {
  type: 'Feature'
  id?: string | number
  geometry: { type: 'Polygon'; coordinates: [number, number][][] }
  properties: Record<string, unknown>
}
