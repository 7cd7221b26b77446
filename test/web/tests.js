// Runs the tests: those of the files named, or all. Files run side by side, two
// at a time, the long ones first; those that measure run alone. A file that fails
// runs once more, alone: a browser that is starved by what else the machine does
// is not the client's fault. Both runs are shown, and the last lines name it.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { patience } from './lib/patience.js';

const alone = ['budget', 'conversation-long', 'comparison'].map((n) => `tests/${n}.test.js`);
const long = ['pictures', 'settings', 'groups', 'pictures-conversation', 'conversation-more', 'conversation', 'calls'].map((n) => `tests/${n}.test.js`);
const named = process.argv.slice(2);
const all = named.length ? named : readdirSync(new URL('tests/', import.meta.url)).filter((f) => f.endsWith('.test.js')).map((f) => `tests/${f}`);
const first = (f) => (long.includes(f) ? long.indexOf(f) : long.length);
const together = all.filter((f) => !alone.includes(f)).sort((a, b) => first(a) - first(b));
const limit = Math.round(300_000 * patience); // ms, of a file and each test in it

const running = new Set();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    for (const child of running) child.kill(signal);
    process.exit(1);
  });
}

// run gives the exit code of a file's tests, and prints what they said.
async function run(file, mark = '') {
  const began = Date.now();
  const child = spawn(process.execPath, ['--test', `--test-timeout=${limit}`, '--test-reporter=spec', file], {
    cwd: new URL('.', import.meta.url), stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  const late = setTimeout(() => child.kill('SIGKILL'), limit * 2); // a test that keeps the process from ending
  const code = await new Promise((done) => child.on('close', (c) => done(c ?? 1)));
  clearTimeout(late);
  running.delete(child);
  console.log(`\n== ${file}${mark}: ${code === 0 ? 'ok' : 'FAILED'} after ${Math.round((Date.now() - began) / 1000)} s\n${said.trimEnd()}`);
  return code;
}

const failed = [];
const queue = [...together];
const work = async () => {
  for (let file; (file = queue.shift()); ) if (await run(file)) failed.push(file);
};
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work));
for (const file of all.filter((f) => alone.includes(f))) if (await run(file)) failed.push(file);

const bad = [];
for (const file of failed) if (await run(file, ', once more')) bad.push(file);
const unsteady = failed.filter((f) => !bad.includes(f));
if (unsteady.length > 0) console.log(`\nweb: failed at first, and passed alone: ${unsteady.join(' ')}`);
if (bad.length > 0) {
  console.log(`\nweb: FAILED twice: ${bad.join(' ')}`);
  process.exitCode = 1;
}
