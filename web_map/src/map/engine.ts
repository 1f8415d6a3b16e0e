// The only import of the map engine: everything that reaches this file loads 450 KB, so it is reached lazily.
import 'maplibre-gl/dist/maplibre-gl.css'
import { Map as MaplibreMap, ScaleControl, setWorkerUrl } from 'maplibre-gl'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import { tileAddress, type Asked } from './address'
import type {
  ExpressionSpecification,
  FilterSpecification,
  GeoJSONSource,
  LayerSpecification,
  RasterTileSource,
  SourceSpecification,
  StyleSpecification,
  VectorTileSource
} from 'maplibre-gl'

export type {
  ExpressionSpecification,
  FilterSpecification,
  GeoJSONSource,
  LayerSpecification,
  MaplibreMap,
  RasterTileSource,
  SourceSpecification,
  StyleSpecification,
  VectorTileSource
}

setWorkerUrl(workerUrl)

export interface Camera {
  lon: number
  lat: number
  zoom: number
}

/** The labels' faces must be there before the first label is drawn, or the atlas keeps fallback shapes. */
async function fonts(): Promise<void> {
  const sample = 'ạếữ Quần đảo'
  const faces = ['400 24px "Be Vietnam Pro"', '600 24px "Be Vietnam Pro SemiBold"']
  await Promise.all(faces.map((face) => document.fonts.load(face, sample))).catch(() => undefined)
}

/** One map in `container`; north up and flat, for reading and not for flying. */
export async function createMap(
  container: HTMLElement,
  style: StyleSpecification,
  camera: Camera,
  asked: Readonly<Asked>,
  authorization: () => Record<string, string>
): Promise<MaplibreMap> {
  await fonts()
  const map = new MaplibreMap({
    container,
    style,
    center: [camera.lon, camera.lat],
    zoom: camera.zoom,
    minZoom: 3,
    maxZoom: 20,
    maxPitch: 0,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    attributionControl: false,
    // Only tiles in view are told of a change. The others are asked for again when they come back: a 304 mostly.
    maxTileCacheSize: 0,
    fadeDuration: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 200,
    transformRequest: (address) => {
      const url = tileAddress(address, asked, location.href)
      // Who asks is told to our own doors only, never to the host of a base map.
      return url.startsWith(`${location.origin}/`) ? { url, headers: authorization() } : { url }
    }
  })
  map.touchZoomRotate.disableRotation()
  map.keyboard.disableRotation()
  map.addControl(new ScaleControl({ unit: 'metric', maxWidth: 96 }), 'bottom-left')
  return map
}
