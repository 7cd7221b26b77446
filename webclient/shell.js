import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

// shell tells the service worker which files the page is made of, and a version
// that changes whenever one of them does: a changed sw.js is how browsers learn
// of a new version.
export function shell() {
  let folder = '';
  return {
    name: 'shell',
    enforce: 'post',
    configResolved(config) {
      folder = config.publicDir;
    },
    generateBundle: {
      order: 'post',
      async handler(_, bundle) {
        const worker = bundle['sw.js'];
        const hash = createHash('sha256');
        const files = [];
        for (const name of Object.keys(bundle).sort()) {
          if (name === 'sw.js' || name === 'licences.txt') continue;
          files.push(name === 'index.html' ? './' : name);
          hash.update(`${name}\0`).update(bundle[name].code ?? bundle[name].source);
        }
        for (const name of (await readdir(folder)).sort()) {
          hash.update(`${name}\0`).update(await readFile(join(folder, name)));
          if (/\.(svg|webmanifest)$/.test(name)) files.push(name);
        }
        hash.update(worker.code);
        worker.code = worker.code
          .replaceAll('__VERSION__', JSON.stringify(hash.digest('hex').slice(0, 16)))
          .replaceAll('__SHELL__', JSON.stringify(files));
      },
    },
  };
}
