import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

// axe looks for what is wrong for people who use the page otherwise, and throws
// with all it finds. It is put in past the page's policy, by the debugger.
export async function axe(page, { except = [] } = {}) {
  await page.evaluate(`(() => { ${source} })()`);
  const { violations } = await page.evaluate((run) => globalThis.axe.run(document, run), {
    runOnly: tags, resultTypes: ['violations'], rules: Object.fromEntries(except.map((id) => [id, { enabled: false }])),
  });
  if (violations.length === 0) return;
  const lines = violations.map((v) => `${v.id} (${v.impact}): ${v.help}\n${v.nodes.map((n) => `    ${n.target.join(' ')}: ${n.failureSummary?.replace(/\s+/g, ' ')}`).join('\n')}`);
  throw new Error(`axe on ${page.url()}:\n${lines.join('\n')}`);
}
