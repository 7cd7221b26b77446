import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from './until.js';

// apiKey is the one that the published apps carry.
export const apiKey = 'AQEAAAABAAD_rAp4DJh05a1HAwFT3A6K';

// The account that root_test.go makes.
export const rootLogin = 'root';
export const rootPassword = 'root-password';

// Server is one running parley with a data folder of its own.
export class Server {
  host = '127.0.0.1:0'; // the first start chooses the port, later ones keep it
  #config;
  #root;
  #folder;
  #process;
  #said = '';

  // config is the text of a tinode.conf, if the defaults won't do. With root
  // there is an account of that level, which no client can make.
  constructor({ config, root } = {}) {
    this.#config = config;
    this.#root = root;
  }

  async start() {
    const binary = process.env.PARLEY_BIN;
    if (!binary) throw new Error('PARLEY_BIN is not set; "go test ./test/e2e" builds the server and sets it');
    this.#folder ??= await this.#newFolder();
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

  async #newFolder() {
    const folder = await mkdtemp(join(tmpdir(), 'parley-e2e-'));
    if (this.#root) {
      const env = { ...process.env, E2E_ROOT_IN: join(folder, 'data') };
      await promisify(execFile)(process.env.PARLEY_ROOT, [rootLogin, rootPassword], { env });
    }
    return folder;
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
