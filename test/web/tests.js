// Runs the tests: those of the files named, or all. Files run side by side, two
// at a time, but for those that measure; each has a limit of time.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { patience } from './lib/patience.js';

const alone = ['tests/budget.test.js'];
const named = process.argv.slice(2);
const all = named.length ? named : readdirSync(new URL('tests/', import.meta.url)).filter((f) => f.endsWith('.test.js')).map((f) => `tests/${f}`);
const groups = [all.filter((f) => !alone.includes(f)), all.filter((f) => alone.includes(f))].filter((g) => g.length > 0);
const limit = Math.round(480_000 * patience); // ms, of a file and each test in it

let running;
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => running?.kill(signal));

for (const [i, files] of groups.entries()) {
  const jobs = Math.min(2, availableParallelism(), files.length);
  const args = ['--test', `--test-concurrency=${jobs}`, `--test-timeout=${limit}`, '--test-reporter=spec', ...files];
  running = spawn(process.execPath, args, { cwd: new URL('.', import.meta.url), stdio: 'inherit' });
  const code = await new Promise((done) => running.on('exit', (c) => done(c ?? 1)));
  if (code !== 0) process.exitCode = code;
}
