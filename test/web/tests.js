// Runs the tests, all or those of the files named.
import { spawn } from 'node:child_process';

const files = process.argv.slice(2);
const args = ['--test', '--test-concurrency=1', '--test-timeout=1200000', '--test-reporter=spec', ...(files.length ? files : ['tests/'])];
const run = spawn(process.execPath, args, { cwd: new URL('.', import.meta.url), stdio: 'inherit' });
run.on('exit', (code) => (process.exitCode = code ?? 1));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => run.kill(signal));
