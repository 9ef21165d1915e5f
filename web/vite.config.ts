import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// While developing, `npm run dev` shows the page with hot reload and asks this server for data:
const server_port = 8080;
const server = `http://127.0.0.1:${server_port}`;

export default defineConfig({
  plugins: [svelte()],
  build: { target: 'es2022', modulePreload: { polyfill: false }, chunkSizeWarningLimit: 400 },
  server: { proxy: { '/api': server, '/openapi.json': server, '/openapi.yaml': server } },
  test: { include: ['tests/**/*.test.ts'] },
});
