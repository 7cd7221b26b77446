import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './until.js';

// apiKey is the one that the published apps carry.
export const apiKey = 'AQEAAAABAAD_rAp4DJh05a1HAwFT3A6K';

// Server is one running parley with a data folder of its own.
export class Server {
  host = '127.0.0.1:0'; // the first start chooses the port, later ones keep it
  #config;
  #folder;
  #process;
  #said = '';

  // config is the text of a tinode.conf, if the defaults won't do.
  constructor({ config } = {}) {
    this.#config = config;
  }

  async start() {
    const binary = process.env.PARLEY_BIN;
    if (!binary) throw new Error('PARLEY_BIN is not set; "go test ./test/e2e" builds the server and sets it');
    this.#folder ??= await mkdtemp(join(tmpdir(), 'parley-e2e-'));
    const args = ['--data', join(this.#folder, 'data'), '--listen', this.host];
    if (this.#config) {
      const file = join(this.#folder, 'tinode.conf');
      await writeFile(file, this.#config);
      args.push('--config', file);
    }
    this.#said = '';
    const child = spawn(binary, args, { cwd: this.#folder, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (chunk) => (this.#said += chunk));
    child.stderr.on('data', (chunk) => (this.#said += chunk));
    this.#process = child;
    await until('the server says where it is', () => {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${this.#said}`);
      const url = this.#said.match(/http:\/\/(127\.0\.0\.1:\d+)/);
      if (url) this.host = url[1];
      return url;
    });
  }

  // kill ends the process with a signal and returns its exit code, or null if
  // the signal ended it.
  async kill(signal) {
    const child = this.#process;
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await once(child, 'exit');
    }
    return child.exitCode;
  }

  // close ends the server in order and removes its folder.
  async close() {
    const code = await this.kill('SIGTERM');
    await rm(this.#folder, { recursive: true, force: true });
    if (code !== 0 && code !== null) throw new Error(`the server ended with ${code}:\n${this.#said}`);
    if (/panic|level=ERROR/.test(this.#said)) throw new Error(`the server complained:\n${this.#said}`);
  }
}
