// Runs the scenarios, all or those of the files named, and ends with the table
// of what ran with which version.
import { spawn } from 'node:child_process';

const files = process.argv.slice(2);
const reporters = ['spec', './lib/table.js'].flatMap((name) =>
  [`--test-reporter=${name}`, '--test-reporter-destination=stdout']);
const args = ['--test', '--test-concurrency=2', ...reporters, ...files.length ? files : ['tests/']];
const run = spawn(process.execPath, args, { cwd: new URL('.', import.meta.url), stdio: 'inherit' });
run.on('exit', (code) => (process.exitCode = code ?? 1));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => run.kill(signal));
