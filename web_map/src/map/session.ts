import type { Cells } from '../api/hotspots'
import type { Bbox, LayerInfo, LonLat } from '../api/types'
import type { Asked } from './address'
import type { Camera, GeoJSONSource, MaplibreMap, RasterTileSource, VectorTileSource } from './engine'
import { HATCH, TILED, asFeatures, fillOf, hatch, layersOf, opacityOf, type HexView } from './hexes'
import { NOTHING, only } from './highlight'
import { isClear, offset, padding, type Insets, type Size } from './insets'
import { settle } from './settle'
import { toleranceMetres } from './tolerance'
import { layerOf } from './style'
import { touchedTiles, type TilePlace } from './touched'

const OWN = new Set(['base', 'islands', 'hotspots', 'candidates', 'pick', 'import'])

/** What the application asks of the map, in its own words. Holds the one `Map`; adds no state of its own. */
export class MapSession {
  readonly map: MaplibreMap
  readonly #asked: Asked
  #drawn: readonly LayerInfo[]

  constructor(map: MaplibreMap, layers: readonly LayerInfo[], asked: Asked) {
    this.map = map
    this.#drawn = layers
    this.#asked = asked
  }

  get camera(): Camera {
    const { lng, lat } = this.map.getCenter()
    return { lon: lng, lat, zoom: this.map.getZoom() }
  }

  /** The tolerance of a tap at a place, metres. */
  tolerance(place: LonLat): number {
    return toleranceMetres(place.lat, this.map.getZoom())
  }

  setVisible(names: ReadonlySet<string>): void {
    for (const id of this.map.getLayersOrder()) {
      const layer = layerOf(id)
      if (OWN.has(layer) || layer.startsWith('highlight')) continue
      this.map.setLayoutProperty(id, 'visibility', names.has(layer) ? 'visible' : 'none')
    }
  }

  /** Draw the chosen features of each layer above the rest; an empty list draws none. */
  highlight(features: readonly { layer: string; id: number }[]): void {
    for (const { name, geometry } of this.#drawn) {
      const ids = features.filter((feature) => feature.layer === name).map((feature) => feature.id)
      const kinds = geometry.endsWith('Point') ? ['point'] : ['casing', 'edge']
      for (const kind of kinds) {
        const id = `highlight-${kind}:${name}`
        if (this.map.getLayer(id)) this.map.setFilter(id, ids.length > 0 ? only(ids) : NOTHING)
      }
    }
  }

  setPlace(place: LonLat | null): void {
    const features: GeoJSON.Feature[] = place
      ? [{ type: 'Feature', properties: {}, geometry: { type: 'Point', coordinates: [place.lon, place.lat] } }]
      : []
    this.#data('pick', { type: 'FeatureCollection', features })
  }

  /** Draw the wards that were considered for a place; an empty collection draws none. */
  setCandidates(drawn: GeoJSON.FeatureCollection): void {
    this.#data('candidates', drawn)
  }

  /** Ask for all tiles again: another caller may see other rows. */
  refreshAll(): void {
    for (const { name } of this.#drawn) if (this.map.getSource(name)) this.#reload(name)
  }

  /** Draw hexagons as a view colours them, out of tiles or out of `cells`; null draws none. */
  setHexes(view: HexView | null, cells: Cells | null, addresses: { cells: string; density: string } | null): void {
    if (!this.map.hasImage(HATCH)) this.map.addImage(HATCH, hatch())
    const show = (id: string, on: boolean): void => {
      this.map.setLayoutProperty(id, 'visibility', on ? 'visible' : 'none')
    }
    const inTiles = view !== null && TILED.includes(view)
    this.#data('hotspots', asFeatures(inTiles ? [] : (cells?.features ?? [])))
    if (inTiles && addresses) this.#tiles('hotspots-tiles', addresses.cells)
    if (view === 'heat' && addresses) this.#tiles('hotspots-density', addresses.density)
    for (const tiled of [false, true]) {
      const on = view !== null && tiled === inTiles && (tiled ? addresses : cells) !== null
      const ids = layersOf(tiled)
      if (on) {
        this.map.setPaintProperty(ids.fill, 'fill-color', fillOf(view))
        this.map.setPaintProperty(ids.fill, 'fill-opacity', opacityOf(view))
      }
      show(ids.fill, on)
      show(ids.few, on && view === 'signal')
      show(ids.edge, on && view !== 'heat')
    }
    show('hotspots:heat', view === 'heat' && addresses !== null)
  }

  /** Outline one hexagon, or none. */
  chooseHex(hex: Cells['features'][number] | null): void {
    this.#data('hotspots-chosen', asFeatures(hex ? [hex] : []))
  }

  /** The cell of the hexagon at a pixel of the canvas, if hexagons are drawn there. */
  hexAt(point: [number, number]): string | null {
    const layers = [layersOf(false).fill, layersOf(true).fill]
    const found = this.map.queryRenderedFeatures(point, { layers })[0]
    const cell: unknown = found?.properties['cell']
    return typeof cell === 'string' ? cell : null
  }

  /** Ask again for the tiles of a layer that a change touches; old ones stay until new ones are there. */
  refresh(layer: string, epoch: string, bbox: Bbox | null): void {
    this.#asked.versions.note(layer, epoch, bbox)
    if (!this.map.getSource(layer)) return
    // A tile on its way may have left the server before the change did.
    const late = !this.map.isSourceLoaded(layer)
    this.#refreshTouched(layer, bbox)
    if (late) this.map.once('idle', () => this.#refreshTouched(layer, bbox))
  }

  #refreshTouched(layer: string, bbox: Bbox | null): void {
    const [west, south, east, north] = this.map.getBounds().toArray().flat() as [number, number, number, number]
    const zooms = Array.from({ length: Math.ceil(this.map.getZoom()) + 2 }, (_, zoom) => zoom)
    const tiles = touchedTiles(bbox, [west, south, east, north], zooms)
    if (tiles === null) this.#reload(layer)
    else if (tiles.length > 0) this.#reload(layer, tiles)
  }

  /** Come nearer to the points that a circle at this pixel counts; whether there is such a circle. */
  openCluster(point: [number, number]): boolean {
    const layers = this.#drawn.map(({ name }) => `${name}:cluster`).filter((id) => this.map.getLayer(id))
    const found = this.map.queryRenderedFeatures(point, { layers })[0]
    if (found?.geometry.type !== 'Point') return false
    const [lon, lat] = found.geometry.coordinates as [number, number]
    this.map.easeTo({ center: [lon, lat], zoom: Math.floor(this.map.getZoom()) + 2, duration: 500, essential: false })
    return true
  }

  /** Show layers with valid time as they were on a day (null: today); other layers stay as they are. */
  setDay(day: string | null): void {
    if (this.#asked.day === day) return
    this.#asked.day = day
    for (const layer of this.#asked.dated) if (this.map.getSource(layer)) this.#reload(layer)
  }

  setLang(lang: 'vi' | 'en'): void {
    this.map.setLayoutProperty('islands:group', 'text-field', ['get', lang])
  }

  /** Bring a box into the part of the map that no panel covers. */
  fit(bbox: Bbox, insets: Insets, maxZoom = 16): void {
    this.map.fitBounds(bbox, { padding: padding(insets, this.#size), maxZoom, duration: 900, linear: false, essential: false })
  }

  /** The same at once, for the first picture. */
  show(bbox: Bbox, insets: Insets): void {
    this.map.fitBounds(bbox, { padding: padding(insets, this.#size), duration: 0 })
  }

  /** Move only if the place lies under a panel or off the screen. */
  reveal(place: LonLat, insets: Insets): void {
    if (isClear(this.map.project([place.lon, place.lat]), insets, this.#size)) return
    const center: [number, number] = [place.lon, place.lat]
    this.map.easeTo({ center, offset: offset(insets), duration: 400, essential: false })
  }

  pan(right: number, down: number): void {
    this.map.panBy([right, down], { duration: 200, essential: false })
  }

  zoom(step: 1 | -1): void {
    this.zoomTo(Math.round(this.map.getZoom() + step))
  }

  zoomTo(zoom: number): void {
    this.map.zoomTo(zoom, { duration: 200, essential: false })
  }

  #reload(layer: string, tiles?: TilePlace[]): void {
    this.map.refreshTiles(layer, tiles)
    settle(this.map)
  }

  get #size(): Size {
    const { clientWidth: width, clientHeight: height } = this.map.getContainer()
    return { width, height }
  }

  #tiles(id: string, address: string): void {
    const source = this.map.getSource(id) as RasterTileSource | VectorTileSource | undefined
    if (source && source.tiles?.[0] !== address) source.setTiles([address])
  }

  #data(id: string, data: GeoJSON.FeatureCollection): void {
    void (this.map.getSource(id) as GeoJSONSource | undefined)?.setData(data)
  }
}
