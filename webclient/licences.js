import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

// licences puts the licence texts of everything that is bundled beside the
// result: all of it may be passed on only with them.
export function licences() {
  return {
    name: 'licences',
    async generateBundle(_, bundle) {
      const roots = new Map(); // package name → folder
      for (const chunk of Object.values(bundle)) {
        for (const id of chunk.moduleIds ?? []) {
          const found = id.match(/^\0?(.*\/node_modules\/((?:@[^/]+\/)?[^/?]+))/);
          if (found) roots.set(found[2], found[1]);
        }
      }
      const texts = [];
      for (const name of [...roots.keys()].sort()) {
        const about = JSON.parse(await readFile(join(roots.get(name), 'package.json'), 'utf8'));
        const text = (await readFile(join(roots.get(name), 'LICENSE'), 'utf8')).replace(/\r/g, '').trim();
        texts.push(`${about.name} ${about.version} (${about.license})\n\n${text}\n`);
      }
      this.emitFile({ type: 'asset', fileName: 'licences.txt', source: texts.join(`\n${'-'.repeat(72)}\n\n`) });
    },
  };
}
