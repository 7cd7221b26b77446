import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from './until.js';

// apiKey is the one that the published apps carry.
export const apiKey = 'AQEAAAABAAD_rAp4DJh05a1HAwFT3A6K';

// The accounts that are there from the start, made by inhabitants_test.go: with
// these first names, and Root. They all have this password.
const names = ['Anna', 'Bert', 'Carl', 'Dora', 'Lone'];
export const password = 'secret-word';
const tokenKey = Buffer.alloc(32, 'e2e').toString('base64');

// Server is one running parley with a data folder of its own.
export class Server {
  host = '127.0.0.1:0'; // the first start chooses the port, later ones keep it
  inhabitants = []; // { name, login, token }
  #config;
  #each;
  #folder;
  #process;
  #said = '';

  // config is what a tinode.conf has, if the defaults won't do; each is how many
  // accounts of each name there are.
  constructor({ config, each = 100 } = {}) {
    this.#config = { ...config, auth_config: { token: { key: tokenKey } } };
    this.#each = each;
  }

  async start() {
    const binary = process.env.PARLEY_BIN;
    if (!binary) throw new Error('PARLEY_BIN is not set; "go test ./test/e2e" builds the server and sets it');
    this.#folder ??= await this.#newFolder();
    const file = join(this.#folder, 'tinode.conf');
    await writeFile(file, JSON.stringify(this.#config));
    const args = ['--data', join(this.#folder, 'data'), '--listen', this.host, '--config', file];
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
    const order = { Folder: join(folder, 'data'), Key: tokenKey, Password: password, Names: names, Each: this.#each };
    const env = { ...process.env, E2E_INHABITANTS: JSON.stringify(order) };
    const { stdout } = await promisify(execFile)(process.env.PARLEY_PEOPLE, { env, maxBuffer: 1 << 24 });
    this.inhabitants = JSON.parse(stdout);
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
