// Each page's HTML, once all else is built. What is painted before anything else has come stands in the page itself (service/pages puts its hash
// into the Content-Security-Policy); the style sheet comes behind it and holds up only the rest; and every file that the page names is held
// against its digest (Subresource Integrity).
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformWithEsbuild, type Plugin } from 'vite';

const SHEET = /\s*<link rel="stylesheet"[^>]*>/g;
const NAMED = /<(?:script|link)\b[^>]*(?:src|href)="\/([^"]+)"/g;

export const pageHtml: Plugin = {
  name: 'page-html',
  generateBundle: {
    order: 'post',
    async handler(_options, bundle) {
      const { code } = await transformWithEsbuild(readFileSync(join(import.meta.dirname, 'src/first.css'), 'utf8'), 'first.css', { loader: 'css', minify: true });
      const digest = (fileName: string) => {
        const file = bundle[fileName];
        if (!file) throw new Error(`a page names ${fileName}, which was not built`);
        return createHash('sha384').update(file.type === 'chunk' ? file.code : file.source).digest('base64');
      };
      for (const page of Object.values(bundle)) {
        if (page.type !== 'asset' || !page.fileName.endsWith('.html')) continue;
        const html = page.source.toString(), sheets = html.match(SHEET) ?? [];
        page.source = html.replace(SHEET, '')
          .replace('</head>', `<style>${code.trim()}</style>\n</head>`)
          .replace('</body>', `${sheets.map((sheet) => `${sheet.trim()}\n`).join('')}</body>`)
          .replace(NAMED, (tag, name: string) => `${tag} integrity="sha384-${digest(name)}"`);
      }
    },
  },
};
