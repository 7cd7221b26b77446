import { after, before, describe, test } from 'node:test';
import { Client } from './client.js';
import { password, Server } from './server.js';
import { lacks, versions } from './versions.js';

const regulars = new Map(); // by server, version and name

// People makes accounts and sessions for one scenario and closes them with it.
class People {
  #open = [];

  constructor(sdk, server) {
    this.sdk = sdk;
    this.server = server;
  }

  // stranger is connected, and nobody.
  async stranger(agent, { sdk = this.sdk, transport = 'ws' } = {}) {
    const client = await Client.connect(sdk, this.server.host, agent, transport);
    this.#open.push(client);
    return client;
  }

  // person has an account of his own and is online; how names another version of
  // the SDK or another transport.
  async person(name, how = {}) {
    const { inhabitants } = this.server;
    const found = inhabitants.findIndex((one) => one.name === name);
    if (found < 0) throw new Error(`there is nobody left of the name ${name}`);
    const [{ login, token }] = inhabitants.splice(found, 1);
    const client = await this.stranger(`${name}/1.0`, how);
    Object.assign(client, { login, password });
    await client.tinode.loginToken(token);
    await client.online();
    return client;
  }

  // regular is somebody whom all scenarios of a server share, in a session of this
  // one. It is for scenarios that look at what is theirs.
  async regular(name) {
    const key = `${this.server.host} ${this.sdk.version} ${name}`;
    if (!regulars.has(key)) regulars.set(key, this.person(name));
    const first = await regulars.get(key);
    return this.again(first, { agent: `${name}/1.0` });
  }

  // again is another session of somebody; without attaching to 'me' if quiet.
  async again(client, { agent = 'Second/2.0', quiet = false, transport } = {}) {
    const other = await this.stranger(agent, transport);
    await other.tinode.loginToken(client.tinode.getAuthToken().token);
    other.login = client.login;
    if (!quiet) await other.online();
    return other;
  }

  // root is the one with all rights.
  async root() {
    const { token } = this.server.inhabitants.find((one) => one.name === 'Root');
    const client = await this.stranger('Root/1.0');
    await client.tinode.loginToken(token);
    await client.online();
    return client;
  }

  close() {
    this.#open.forEach((client) => client.close());
  }
}

// needs makes a scenario one for the versions of the SDK that have all of these
// features; see lacks.
export function needs(...features) {
  const run = features.pop();
  return Object.assign((...args) => run(...args), { features });
}

// scenarios runs each scenario with every version of the SDK that has what it
// needs. They share one server, unless alone says that each needs its own.
export function scenarios(title, list, { config, alone = false } = {}) {
  const make = () => new Server({ config, each: alone ? 1 : undefined });
  describe(title, { concurrency: 8 }, () => {
    let shared;
    if (!alone) {
      shared = make();
      before(() => shared.start());
      after(() => shared.close());
    }
    for (const [name, run] of Object.entries(list)) {
      for (const sdk of versions) {
        const missing = lacks(sdk, run.features ?? []);
        const skip = missing && `no ${missing}`; // lib/table.js lists them at the end
        test(`${name} (${sdk.version})`, { timeout: 60_000, skip }, async (t) => {
          const server = shared ?? make();
          if (alone) {
            t.after(() => server.close());
            await server.start();
          }
          const people = new People(sdk, server);
          try {
            await run(people, { sdk, server, t });
          } finally {
            people.close();
          }
        });
      }
    }
  });
}
