import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

// The console: served by the gateway under /admin/.
export default defineConfig({
  base: '/admin/',
  plugins: [react()],
  build: { outDir: 'dist/console', emptyOutDir: true, chunkSizeWarningLimit: 1000 },
  server: { proxy: { '/graphql': 'http://127.0.0.1:8084' } },
  test: { environment: 'jsdom' },
})
