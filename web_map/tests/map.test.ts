import { describe, expect, it } from 'vitest'
import type { LayerInfo } from '../src/api/types'
import { tileAddress } from '../src/map/address'
import { fillOf, hatch, rateColor } from '../src/map/hexes'
import { isClear, offset, padding } from '../src/map/insets'
import { ARCHIPELAGOS, ISLANDS_SOURCE } from '../src/map/islands'
import { CIVIDIS, KIND_COLORS, RATES, STATE_COLORS } from '../src/map/ramp'
import { compose, layerOf, merge } from '../src/map/style'
import { Versions } from '../src/map/touched'
import { metresPerPixel, toleranceMetres } from '../src/map/tolerance'

describe('the tolerance of a tap', () => {
  it('is five pixels on the ground', () => {
    // At zoom 0 the equator is 512 pixels: 40 075 km / 512.
    expect(metresPerPixel(0, 0)).toBeCloseTo(78_271.5, 0)
    expect(metresPerPixel(60, 0)).toBeCloseTo(78_271.5 / 2, 0)
    expect(toleranceMetres(10.46, 15)).toBeCloseTo(5 * metresPerPixel(10.46, 15))
  })

  it('stays within what the door takes', () => {
    expect(toleranceMetres(10.46, 3)).toBe(500)
    expect(toleranceMetres(10.46, 24)).toBe(0.5)
  })
})

describe('what panels cover', () => {
  const desk = { top: 0, right: 400, bottom: 0, left: 320 }

  it('is kept clear of, where enough map is left', () => {
    expect(padding(desk, { width: 1280, height: 740 })).toEqual({ top: 32, right: 432, bottom: 32, left: 352 })
    expect(padding(desk, { width: 800, height: 740 })).toEqual({ top: 32, right: 32, bottom: 32, left: 32 })
  })

  it('hides a place', () => {
    const size = { width: 1280, height: 740 }
    expect(isClear({ x: 640, y: 300 }, desk, size)).toBe(true)
    expect(isClear({ x: 1000, y: 300 }, desk, size)).toBe(false)
    expect(isClear({ x: 640, y: -5 }, desk, size)).toBe(false)
    expect(offset(desk)).toEqual([-40, 0])
  })
})

describe('addresses of tiles', () => {
  const versions = new Versions()
  versions.note('reports', '7', null)
  const page = 'http://127.0.0.1:8000/theo-doi/?code=1'
  const asked = { versions, dated: new Set(['zoning']), day: null }

  it('are absolute, of the own origin, with the version of the layer', () => {
    expect(tileAddress('/tiles/reports/3/1/2.mvt', asked, page)).toBe(
      'http://127.0.0.1:8000/tiles/reports/3/1/2.mvt?v=7'
    )
    expect(tileAddress('http://diaban.vn/tiles/zoning/3/1/2.mvt', asked, page)).toBe(
      'http://127.0.0.1:8000/tiles/zoning/3/1/2.mvt'
    )
    expect(tileAddress('http://diaban.vn/tiles/zoning.json', asked, page)).toBe(
      'http://127.0.0.1:8000/tiles/zoning.json'
    )
  })

  it('carry the day for layers with valid time, and only there', () => {
    const then = { ...asked, day: '2025-06-30' }
    expect(tileAddress('/tiles/zoning/3/1/2.mvt', then, page)).toMatch(/\/2\.mvt\?datetime=2025-06-30$/)
    expect(tileAddress('/tiles/reports,zoning/3/1/2.mvt', then, page)).toMatch(/\?v=7&datetime=2025-06-30$/)
    expect(tileAddress('/tiles/reports/3/1/2.mvt', then, page)).toMatch(/\?v=7$/)
    // The addresses in a TileJSON of a day would keep that day after it was left.
    expect(tileAddress('/tiles/zoning.json', then, page)).toMatch(/zoning\.json$/)
  })

  it('leave a base map where it is', () => {
    const base = 'https://maps.example/tiles/x/3/1/2.png'
    expect(tileAddress(base, asked, page)).toBe(base)
  })
})

describe('the ramp of densities', () => {
  const lightness = (color: string): number => {
    const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }

  it('falls in lightness, so that it is read without hues', () => {
    const steps = CIVIDIS.map(lightness)
    expect([...steps].sort((a, b) => b - a)).toEqual(steps)
    expect(RATES).toHaveLength(CIVIDIS.length)
  })

  it('is one scale for all questions: a rate has its colour whatever else is drawn', () => {
    const stops = (rateColor() as unknown[]).slice(3)
    expect(stops[0]).toBeCloseTo(-1)
    expect(stops.at(-2)).toBeCloseTo(2)
    expect(stops.filter((stop) => typeof stop === 'string')).toEqual([...CIVIDIS])
  })

  it('tells hot from cold by lightness and hue, and says every state', () => {
    expect(lightness(STATE_COLORS.hot99)).toBeLessThan(lightness(STATE_COLORS.hot95))
    expect(lightness(STATE_COLORS.hot95)).toBeLessThan(lightness(STATE_COLORS.hot90))
    expect(lightness(STATE_COLORS.cold99)).toBeLessThan(lightness(STATE_COLORS.cold95))
    const fill = JSON.stringify(fillOf('signal'))
    for (const state of Object.keys(STATE_COLORS)) expect(fill).toContain(`"${state}"`)
    expect(new Set(Object.values(KIND_COLORS)).size).toBe(16)
    expect(JSON.stringify(fillOf('emerging'))).toContain('"historical_cold"')
    expect(fillOf('density')).toEqual(rateColor())
  })

  it('marks cells with too few reports by stripes that join', () => {
    const { width, height, data } = hatch()
    expect(data).toHaveLength(width * height * 4)
    expect(data.filter((value, index) => index % 4 === 3 && value > 0)).toHaveLength(8)
  })
})

describe('the style', () => {
  const layer = (name: string, geometry: string): LayerInfo =>
    ({ name, geometry, min_zoom: 0, max_zoom: 16, legend: [] }) as unknown as LayerInfo
  const part = (name: string, type: 'fill' | 'symbol' | 'circle') => ({
    id: `${name}:${type}`,
    type,
    source: name,
    'source-layer': name
  })
  const style = (name: string, ...types: ('fill' | 'symbol' | 'circle')[]) => ({
    version: 8 as const,
    sources: { [name]: { type: 'vector' as const, url: `/tiles/${name}.json` } },
    layers: types.map((type) => part(name, type))
  })
  const wards = layer('wards', 'MultiPolygon')
  const farms = layer('farms', 'Point')
  const merged = merge([style('farms', 'circle', 'symbol'), style('wards', 'fill', 'symbol')], [wards, farms])

  it('keeps the order of the registry', () => {
    expect(merged.layers.map(({ id }) => id)).toEqual(['wards:fill', 'wards:symbol', 'farms:circle', 'farms:symbol'])
  })

  it('draws land first, labels over shapes, the islands in any case', () => {
    const ids = compose(merged, [wards, farms], null, 'vi').layers.map(({ id }) => id)
    const at = (id: string): number => ids.indexOf(id)
    expect(ids.slice(0, 3)).toEqual(['base:ground', 'base:land', 'wards:fill'])
    expect(at('wards:symbol')).toBeGreaterThan(at('farms:circle'))
    expect(at('islands:group')).toBeGreaterThan(at('wards:symbol'))
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.filter((id) => id.startsWith('highlight')).map(layerOf)).toHaveLength(3)
  })

  it('draws a base map of our own, of pictures or of shapes, under everything', () => {
    const said = { tiles: ['/basemap/{z}/{x}/{y}'], attribution: '©', minzoom: 0, maxzoom: 7 }
    const pictures = compose(merged, [wards], { ...said, kind: 'raster' }, 'vi')
    expect(pictures.sources['basemap']).toMatchObject({ type: 'raster', maxzoom: 7, tileSize: 256 })
    expect(pictures.layers.slice(0, 2).map(({ id }) => id)).toEqual(['base:ground', 'base:map'])
    const shapes = compose(merged, [wards], { ...said, kind: 'vector', vector_layers: [{ id: 'roads' }] }, 'vi')
    expect(shapes.sources['basemap']).toMatchObject({ type: 'vector', tiles: said.tiles })
    expect(shapes.layers.slice(1, 3).map(({ id }) => id)).toEqual(['base:fill-roads', 'base:line-roads'])
    expect(shapes.layers.slice(1, 3).map(({ id }) => layerOf(id))).toEqual(['base', 'base'])
  })

  it('takes the icons with the layers', () => {
    const whole = compose(merge([{ ...merged, sprite: '/styles/map/sprite' }, merged], [wards]), [wards], null, 'vi')
    expect(whole.sprite).toBe('/styles/map/sprite')
    expect('sprite' in compose(merged, [wards], null, 'vi')).toBe(false)
  })

  it('asks no other host for glyphs or ground', () => {
    const whole = compose({ ...merged, glyphs: 'https://fonts.example/{fontstack}/{range}.pbf' }, [wards], null, 'vi')
    expect(JSON.stringify(whole)).not.toContain('https://')
  })

  it('names both archipelagos and the country they belong to', () => {
    expect(ARCHIPELAGOS.map(({ name }) => name.vi)).toEqual([
      'Quần đảo Hoàng Sa (Việt Nam)',
      'Quần đảo Trường Sa (Việt Nam)'
    ])
    expect(JSON.stringify(ISLANDS_SOURCE)).toContain('Song Tử Tây')
  })
})
