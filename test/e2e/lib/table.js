// A reporter for node --test, beside the one that shows the tests: which version
// of the SDK ran which scenario, and what was left out.

// parts takes "name (0.25.3)" apart.
const parts = (test) => test.match(/^(.*) \(([\d.]+)\)$/)?.slice(1);

export default async function* table(events) {
  const byFile = new Map(); // the tests of a file come before the title above them
  const rows = []; // [title, scenario, {version: mark}]
  const left = [];
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const waiting = byFile.get(data.file) ?? new Map();
    byFile.set(data.file, waiting);
    const [scenario, version] = parts(data.name) ?? [];
    if (data.nesting > 0) {
      if (!version) continue; // a test without the SDK
      const marks = waiting.get(scenario) ?? {};
      waiting.set(scenario, marks);
      const reason = typeof data.skip === 'string' && data.skip;
      marks[version] = type === 'test:fail' ? 'F' : reason ? '-' : 'x';
      if (reason) left.push([scenario, version, reason]);
    } else {
      for (const [name, marks] of waiting) rows.push([data.name, name, marks]);
      waiting.clear();
    }
  }
  yield draw(rows);
  yield omissions(left);
}

// draw is the table: x ran, - does not apply, F failed.
function draw(rows) {
  const versions = [...new Set(rows.flatMap(([, , marks]) => Object.keys(marks)))]
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const wide = Math.max(0, ...rows.map(([, scenario]) => scenario.length)) + 4;
  const heads = versions.map((version) => version.split('.').slice(0, 2).join('.').padStart(6));
  const lines = ['', `scenarios by version of the SDK: x ran, - does not apply, F failed`, ' '.repeat(wide) + heads.join('')];
  let last;
  for (const [title, scenario, marks] of rows) {
    if (title !== last) lines.push((last = title));
    const cells = versions.map((version) => (marks[version] ?? ' ').padStart(6)).join('');
    lines.push(`  ${scenario}`.padEnd(wide) + cells.trimEnd());
  }
  return `${lines.join('\n')}\n`;
}

// omissions names what did not run, and why.
function omissions(left) {
  const byScenario = new Map();
  for (const [scenario, version, reason] of left) {
    const what = `${scenario}: ${reason}`;
    byScenario.set(what, [...byScenario.get(what) ?? [], version]);
  }
  const lines = [...byScenario].map(([what, versions]) => `  ${what} (${versions.join(', ')})`);
  return ['', `scenarios that do not apply to a version: ${left.length}`, ...lines, ''].join('\n');
}
