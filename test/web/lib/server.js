import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './until.js';

// unlimited are limits for tests that ask more, and faster, than people do.
export const unlimited = Object.fromEntries(['requests', 'messages'].flatMap((what) => ['session', 'user', 'address'].map((per) => [`${what}_per_${per}`, 'off'])));

// Server is one running parley with a fresh data folder.
export class Server {
  host = '127.0.0.1:0'; // the first start chooses the port, later ones keep it
  #config;
  #args;
  #folder;
  #process;
  said = '';

  // config is what a tinode.conf has; args are flags.
  constructor(config = {}, args = []) {
    // Tests make many accounts from one address.
    this.#config = { ...config, limits: { new_accounts_per_address: '10000/h, burst 10000', ...config.limits } };
    this.#args = args;
  }

  get url() {
    return `http://${this.host}/`;
  }

  // data is the data folder.
  get data() {
    return join(this.#folder, 'data');
  }

  async start() {
    const binary = process.env.PARLEY_BIN;
    if (!binary) throw new Error('PARLEY_BIN is not set; scripts/web.sh builds the server and sets it');
    this.#folder ??= await mkdtemp(join(tmpdir(), 'parley-web-'));
    const file = join(this.#folder, 'tinode.conf');
    await writeFile(file, JSON.stringify(this.#config));
    const args = ['--data', this.data, '--listen', this.host, '--config', file, ...this.#args];
    this.said = '';
    const child = spawn(binary, args, { cwd: this.#folder, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (chunk) => (this.said += chunk));
    child.stderr.on('data', (chunk) => (this.said += chunk));
    this.#process = child;
    // Tests that failed before they stopped it must not wait for it.
    for (const one of [child, child.stdout, child.stderr]) one.unref();
    process.once('exit', () => child.kill('SIGKILL'));
    await until('the server says where it is', () => {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${this.said}`);
      const url = this.said.match(/http:\/\/(127\.0\.0\.1:\d+)/);
      if (url) this.host = url[1];
      return url;
    });
    return this;
  }

  // stop ends the process in order, or by another signal; the data stays.
  async stop(signal = 'SIGTERM') {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode;
    child.kill(signal);
    await once(child, 'exit');
    return child.exitCode;
  }

  async close() {
    const code = await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
    if (code !== 0 && code !== null) throw new Error(`the server ended with ${code}:\n${this.said}`);
    if (/panic|level=ERROR/.test(this.said)) throw new Error(`the server complained:\n${this.said}`);
  }
}
