// How the console is built: static files with relative addresses, so that it works at the root of
// the server and behind a proxy that serves it under a path.

import { fileURLToPath } from 'node:url'

import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

const server = process.env['BUSBAR_URL'] ?? 'http://127.0.0.1:8080'

export default defineConfig({
  base: './',
  plugins: [react()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    target: 'es2022',
    // The first that know `light-dark()`, which the palette is written in.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // The server's content security policy allows no `data:` addresses.
    assetsInlineLimit: 0,
    sourcemap: false,
  },
  server: {
    proxy: {
      '/v1': { target: server, ws: true },
      '/readyz': server,
      '/healthz': server,
      '/openapi.json': server,
    },
  },
  test: { include: ['src/**/*.test.ts', 'eslint/**/*.test.js'], environment: 'node' },
})
