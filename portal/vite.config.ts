// The build: one HTML file for each page, hashed names under assets/, nothing inline (the service's Content-Security-Policy allows none),
// and beside each file its gzip, which the service sends to whom takes it. The same sources give the same bytes.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const compress: Plugin = {
  name: 'gzip-beside',
  generateBundle: {
    order: 'post',
    handler(_options, bundle) {
      for (const [fileName, file] of Object.entries(bundle)) {
        if (!/\.(js|css|html|svg)$/.test(fileName)) continue;
        const source = gzipSync(file.type === 'chunk' ? file.code : file.source, { level: 9 });
        this.emitFile({ type: 'asset', fileName: `${fileName}.gz`, source });
      }
    },
  },
};
// The signed-in pages are one program under several names.
const ALSO = ['register.html', 'change.html'];
const copies: Plugin = {
  name: 'pages-of-one-program',
  generateBundle: {
    order: 'post',
    handler(_options, bundle) {
      const page = bundle['signin.html'];
      if (page?.type === 'asset') for (const fileName of ALSO) this.emitFile({ type: 'asset', fileName, source: page.source });
    },
  },
};
const pages = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.html')).map((file) => join(import.meta.dirname, file));

export default defineConfig({
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
  build: {
    target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: false, emptyOutDir: true,
    rollupOptions: { input: pages },
  },
  worker: { format: 'es' },
  plugins: [copies, compress],
});
