import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// GraphiQL: served by the gateway at /graphql to browsers, its assets below that.
export default defineConfig({
  root: 'graphiql',
  base: '/graphql/',
  publicDir: false,
  plugins: [react()],
  build: { outDir: '../dist/graphiql', emptyOutDir: true, chunkSizeWarningLimit: 5000 },
})
