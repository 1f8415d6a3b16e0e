import type { Text } from '../api/types'
import type { LayerSpecification, SourceSpecification } from './engine'

// Hoàng Sa and Trường Sa stand on every map of Viet Nam (Law on Surveying and Mapping 27/2018/QH14;
// Decree 136/2021/ND-CP). Points show where the islands lie; they are no survey.
type Island = readonly [name: string, lon: number, lat: number]

export const HOANG_SA: readonly Island[] = [
  ['Hoàng Sa', 111.607, 16.534],
  ['Phú Lâm', 112.339, 16.834],
  ['Cây', 112.272, 16.979],
  ['Linh Côn', 112.731, 16.666],
  ['Tri Tôn', 111.201, 15.784],
  ['Quang Ảnh', 111.51, 16.447],
  ['Hữu Nhật', 111.586, 16.506],
  ['Duy Mộng', 111.741, 16.464],
  ['Quang Hòa', 111.7, 16.45]
]

export const TRUONG_SA: readonly Island[] = [
  ['Trường Sa', 111.92, 8.645],
  ['An Bang', 112.922, 7.892],
  ['Phan Vinh', 113.69, 8.972],
  ['Trường Sa Đông', 112.35, 8.933],
  ['Sinh Tồn', 114.329, 9.886],
  ['Sinh Tồn Đông', 114.56, 9.905],
  ['Nam Yết', 114.366, 10.179],
  ['Sơn Ca', 114.476, 10.373],
  ['Ba Bình', 114.366, 10.377],
  ['Loại Ta', 114.425, 10.669],
  ['Thị Tứ', 114.285, 11.054],
  ['Bến Lạc', 115.023, 11.08],
  ['Song Tử Tây', 114.331, 11.429],
  ['Song Tử Đông', 114.354, 11.454],
  ['Vĩnh Viễn', 115.8, 10.733],
  ['Bình Nguyên', 115.822, 10.817]
]

export const ARCHIPELAGOS: readonly { name: Text; lon: number; lat: number }[] = [
  {
    name: { vi: 'Quần đảo Hoàng Sa (Việt Nam)', en: 'Hoàng Sa Islands (Việt Nam)' },
    lon: 111.8,
    lat: 16.2
  },
  {
    name: { vi: 'Quần đảo Trường Sa (Việt Nam)', en: 'Trường Sa Islands (Việt Nam)' },
    lon: 113.6,
    lat: 9.5
  }
]

const point = (lon: number, lat: number, properties: Record<string, string>): GeoJSON.Feature => ({
  type: 'Feature',
  geometry: { type: 'Point', coordinates: [lon, lat] },
  properties
})

/** The name whole on one line, the country below it. */
const twoLines = (name: string): string => name.replace(' (', '\n(')

/** One GeoJSON source: archipelagos (with `vi`, `en`) and islands (with `name`). */
export const ISLANDS_SOURCE: SourceSpecification = {
  type: 'geojson',
  data: {
    type: 'FeatureCollection',
    features: [
      ...ARCHIPELAGOS.map(({ name, lon, lat }) => point(lon, lat, { kind: 'group', vi: twoLines(name.vi), en: twoLines(name.en) })),
      ...[...HOANG_SA, ...TRUONG_SA].map(([name, lon, lat]) => point(lon, lat, { kind: 'island', name }))
    ]
  }
}

const INK = '#35506b'
const HALO = { 'text-halo-color': '#ffffff', 'text-halo-width': 1.5, 'text-color': INK }

export function islandLayers(lang: 'vi' | 'en'): LayerSpecification[] {
  return [
    {
      id: 'islands:dot',
      type: 'circle',
      source: 'islands',
      filter: ['==', ['get', 'kind'], 'island'],
      paint: {
        'circle-color': '#e8efe0',
        'circle-stroke-color': INK,
        'circle-stroke-width': 1,
        'circle-radius': ['interpolate', ['linear'], ['zoom'], 3, 1.5, 9, 4]
      }
    },
    {
      id: 'islands:name',
      type: 'symbol',
      source: 'islands',
      minzoom: 7,
      filter: ['==', ['get', 'kind'], 'island'],
      layout: {
        'text-field': ['get', 'name'],
        'text-font': ['Be Vietnam Pro'],
        'text-size': 12,
        'text-anchor': 'top',
        'text-offset': [0, 0.5]
      },
      paint: HALO
    },
    {
      id: 'islands:group',
      type: 'symbol',
      source: 'islands',
      maxzoom: 10,
      filter: ['==', ['get', 'kind'], 'group'],
      layout: {
        'text-field': ['get', lang],
        'text-font': ['Be Vietnam Pro SemiBold'],
        'text-size': ['interpolate', ['linear'], ['zoom'], 2, 11, 6, 14],
        'text-max-width': 20,
        // The law asks for the names, so no other label may push them off the map.
        'text-allow-overlap': true,
        'text-ignore-placement': true
      },
      paint: HALO
    }
  ]
}
