import { copyFile, mkdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

// Addresses people are given (a receipt, a poster): each is a real file, so any static server answers them.
const PAGES = ['theo-doi', 'gui-phan-anh']

function pages(): Plugin {
  return {
    name: 'diaban-pages',
    apply: 'build',
    async writeBundle(options) {
      const dist = options.dir ?? 'dist'
      for (const page of PAGES) {
        const target = resolve(dist, page, 'index.html')
        await mkdir(dirname(target), { recursive: true })
        await copyFile(resolve(dist, 'index.html'), target)
      }
    }
  }
}

const api = process.env['DIABAN_API'] ?? 'http://127.0.0.1:8000'
const doors = ['/api', '/tiles', '/styles', '/docs', '/ogc', '/media']

export default defineConfig({
  plugins: [svelte(), pages()],
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    // The content policy allows no data: fonts or scripts, so nothing may be inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200
  },
  server: { proxy: Object.fromEntries(doors.map((door) => [door, api])) },
  test: { include: ['tests/**/*.test.ts'], environment: 'node' }
})
