// Makes src/emoji/data.ts of the package emojibase-data, which is no dependency: it is
// 20 MB, and its data changes once a year.
//
//     npm pack emojibase-data@17.0.0 && tar xf emojibase-data-17.0.0.tgz
//     node scripts/emoji.js package > src/emoji/data.ts

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];
const list = JSON.parse(readFileSync(join(folder, 'en/compact.json'), 'utf8'));
const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
const names = { 0: 'smileys', 1: 'people', 3: 'nature', 4: 'food', 5: 'travel', 6: 'activities', 7: 'objects', 8: 'symbols', 9: 'flags' };
const groups = Object.fromEntries(Object.values(names).map((n) => [n, []]));
const clean = (s) => s.toLowerCase().replace(/[|;\\'`]/g, '').trim();

for (const e of list.filter((e) => names[e.group]).sort((a, b) => a.order - b.order)) {
  const label = clean(e.label);
  const tags = (e.tags ?? []).map(clean).filter((t) => !label.includes(t)).slice(0, 4);
  groups[names[e.group]].push([e.unicode, [label, ...tags].join(' ')].join(' '));
}

console.log(`// Made by scripts/emoji.js of emojibase-data ${version}, MIT, © Miles Johnson; from
// Unicode's data. "character words…" of each emoji, in Unicode's order.
export const groups = {`);
for (const [name, all] of Object.entries(groups)) console.log(`  ${name}: '${all.join('|')}',`);
console.log('} as const;');
