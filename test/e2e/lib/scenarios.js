import { after, before, describe, test } from 'node:test';
import { Client } from './client.js';
import { rootLogin, rootPassword, Server } from './server.js';
import { lacks, versions } from './versions.js';

let accounts = 0;
// The account that is being made. With all of them at once, hashing on a busy
// machine takes longer than the 5 seconds after which the SDK gives up.
let making = Promise.resolve();
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

  // person has a new account and is online; how names another version of the SDK
  // or another transport.
  async person(name, params = {}, how = {}) {
    const client = await this.stranger(`${name}/1.0`, how);
    client.login = `${name}${++accounts}x${process.pid}`.toLowerCase();
    client.password = `secret-${name}`;
    const make = () => client.tinode.createAccountBasic(client.login, client.password, { public: { fn: name }, ...params });
    await (making = making.then(make, make));
    await client.online();
    return client;
  }

  // regular is somebody whom all scenarios of a server share, in a session of this
  // one: passwords are dear. It is for scenarios that look at what is theirs.
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

  // root is the one with all rights, of servers that have one.
  async root() {
    const client = await this.stranger('Root/1.0');
    await client.tinode.loginBasic(rootLogin, rootPassword);
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
// needs. They share one server, unless alone says that each needs its own. With
// root there is an account of that level: people.root().
export function scenarios(title, list, { config, alone = false, root = false } = {}) {
  const make = () => new Server({ config, root });
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
