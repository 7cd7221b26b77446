import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { licences } from './licences.js';
import { shell } from './shell.js';

// Names without hashes keep the diff of dist small; the server sends an ETag. A
// chunk is named after the folder of src that it begins in.
function chunkName(chunk) {
  const at = chunk.facadeModuleId?.match(/\/src\/([^/]+)\//)?.[1];
  if (at === 'i18n') return 'assets/lang-[name].js';
  return at ? `assets/${at}-[name].js` : 'assets/[name].js';
}

// For `npm run dev`: a parley that is running.
const backend = process.env.PARLEY ?? 'http://127.0.0.1:6060';

export default defineConfig({
  base: './', // the page may be mounted anywhere: static_mount
  plugins: [licences(), shell()],
  resolve: { alias: { '~': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    outDir: process.env.PARLEY_DIST ?? 'dist',
    emptyOutDir: true,
    target: ['chrome123', 'firefox120', 'safari17.5'],
    sourcemap: false,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // files, as everything else
    rolldownOptions: {
      // The worker beside the page: its folder is what it is in charge of.
      input: { app: fileURLToPath(new URL('./index.html', import.meta.url)), sw: fileURLToPath(new URL('./worker/sw.ts', import.meta.url)) },
      output: {
        entryFileNames: (chunk) => (chunk.name === 'sw' ? 'sw.js' : 'assets/app.js'),
        chunkFileNames: chunkName,
        assetFileNames: 'assets/[name][extname]',
      },
    },
  },
  server: { proxy: { '/v0': { target: backend, ws: true }, '/client.json': backend } },
  test: { include: ['src/**/*.test.ts'], environment: 'node', testTimeout: 60_000 /* the machine has other work too */ },
});
