import { describe, expect, it } from 'vitest'
import { format, NO_QUESTION, parse, type UrlState } from '../src/state/url'

const NOTHING: UrlState = {
  lang: null,
  camera: null,
  layers: null,
  day: null,
  place: null,
  selected: null,
  view: 'map',
  code: null,
  hotspots: NO_QUESTION
}

function back(state: UrlState): UrlState {
  const [path = '/', search = ''] = format(state).split('?')
  return parse(path, search === '' ? '' : `?${search}`)
}

describe('the address', () => {
  it('is bare at the defaults', () => {
    expect(format(NOTHING)).toBe('/')
    expect(format({ ...NOTHING, lang: 'vi' })).toBe('/')
  })

  it('brings back what it was made from', () => {
    const state: UrlState = {
      ...NOTHING,
      lang: 'en',
      camera: { lon: 105.63214, lat: 10.45678, zoom: 13.25 },
      layers: ['zoning', 'crop_areas'],
      day: '2025-06-30',
      place: { lon: 105.632145, lat: 10.456781 },
      selected: { layer: 'farms', id: 4503599627370495 }
    }
    expect(back(state)).toEqual(state)
    expect(format(state)).not.toContain('%')
  })

  it('tells no layers from the default layers', () => {
    expect(back({ ...NOTHING, layers: [] }).layers).toEqual([])
    expect(back(NOTHING).layers).toBeNull()
  })

  it('keeps the question about hotspots only in that view', () => {
    const hotspots = {
      mode: 'compare',
      from: '2026-08-01',
      to: '2026-10-31',
      from2: '2025-08-02',
      to2: '2025-11-01',
      category: 'GT',
      channel: 'zalo',
      group: 'giao_thong',
      cell: '8865a6b001fffff',
      over: '1'
    }
    const asked = { ...NOTHING, hotspots }
    expect(back({ ...asked, view: 'hotspots' })).toEqual({ ...asked, view: 'hotspots' })
    expect(format(asked)).toBe('/')
  })

  it('knows the pages that people are given', () => {
    expect(parse('/theo-doi', '?code=DT-7K3M-9QXF')).toMatchObject({ view: 'track', code: 'DT-7K3M-9QXF' })
    expect(parse('/theo-doi/', '').view).toBe('track')
    expect(parse('/gui-phan-anh/', '').view).toBe('report')
    expect(parse('/', '?code=DT-7K3M-9QXF').view).toBe('track')
    expect(format({ ...NOTHING, view: 'track', code: 'DT-7K3M-9QXF' })).toBe('/theo-doi/?code=DT-7K3M-9QXF')
  })

  it.each([
    '?c=105,10',
    '?c=105,10,',
    '?c=NaN,1,2',
    '?c=1,2,99',
    '?c=181,2,3',
    '?at=1',
    '?at=1,91',
    '?sel=zoning',
    '?sel=zoning:1.5',
    '?sel=Zoning:1',
    '?lang=fr',
    '?d=30/06/2025',
    '?d=2025-02-30',
    '?code=%3Cscript%3E',
    '?from=yesterday',
    "?cat=';--"
  ])('treats %s as if it were absent', (search) => {
    expect(parse('/', search)).toEqual(NOTHING)
  })

  it('drops names that no layer can have', () => {
    expect(parse('/', '?layers=zoning,<b>,../x,farms').layers).toEqual(['zoning', 'farms'])
  })
})
