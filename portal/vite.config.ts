// The build: one HTML file for each page (page_html.ts), hashed names under assets/, and beside each file its gzip, which the service sends to
// whom takes it. The same sources give the same bytes.
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';
import { pageHtml } from './page_html.ts';

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
// What an operator can hold a folder, or what is served, against: SHA256SUMS, as sha256sum -c reads it.
const sums: Plugin = {
  name: 'sums-beside',
  generateBundle: {
    order: 'post',
    handler(_options, bundle) {
      const line = ([fileName, file]: [string, { type: string; code?: string; source?: string | Uint8Array }]) =>
        `${createHash('sha256').update(file.type === 'chunk' ? file.code! : file.source!).digest('hex')}  ${fileName}\n`;
      this.emitFile({ type: 'asset', fileName: 'SHA256SUMS', source: Object.entries(bundle).map(line).sort((a, b) => (a.slice(64) < b.slice(64) ? -1 : 1)).join('') });
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
  plugins: [pageHtml, copies, compress, sums],
});
