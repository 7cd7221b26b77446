import { createRequire } from 'node:module';
import fakeIndexedDB from 'fake-indexeddb';
import WebSocket from 'ws';
import { apiKey } from './server.js';
import { until } from './until.js';
import { XHR } from './xhr.js';

const require = createRequire(import.meta.url);

// 0.17 has the setters below, too, but uses what it finds here when it is loaded.
Object.assign(globalThis, { WebSocket, XMLHttpRequest: XHR, indexedDB: fakeIndexedDB });

// load returns the class Tinode of one version, made fit for Node.
function load({ pkg }) {
  const module = require(pkg);
  const Tinode = module.Tinode ?? module; // an object of classes since 0.20
  if (Tinode.setNetworkProviders) Tinode.setNetworkProviders(WebSocket, XHR);
  else Tinode.setWebSocketProvider(WebSocket); // until 0.15
  Tinode.setDatabaseProvider?.(fakeIndexedDB);
  return Tinode;
}

// Client is one session of one version of the SDK. What differs between the
// versions is here and nowhere else; the scenarios use tinode, me and topics as
// an app would.
export class Client {
  pres = []; // {pres}, {info}, {data} and {ctrl} in the order in which they came
  info = [];
  data = [];
  ctrl = [];
  meta = [];
  disconnects = 0;

  // since tells whether this version has what came with 0.minor.
  since(minor) {
    return Number(this.version.split('.')[1]) >= minor;
  }

  // transport is 'ws' or 'lp', long polling.
  static async connect(sdk, host, agent = 'ParleyE2E/1.0', transport = 'ws') {
    const client = new Client();
    await client.#make(sdk, host, agent, transport);
    await client.#greeted(() => client.tinode.connect());
    return client;
  }

  // probe is what lacks looks at.
  static async probe(sdk) {
    const client = new Client();
    await client.#make(sdk, 'localhost', 'probe', 'ws');
    const { Tinode, Drafty, TheCard = {}, tinode, me } = client;
    const topic = tinode.getTopic('grpProbe');
    return { Tinode, Drafty, TheCard, tinode, me, topic, fnd: tinode.getFndTopic(), query: topic.startMetaQuery() };
  }

  async #make(sdk, host, agent, transport) {
    this.version = sdk.version;
    this.host = host;
    this.Tinode = load(sdk);
    const { Drafty, TheCard } = require(sdk.pkg);
    Object.assign(this, { Drafty, TheCard });
    if (!this.since(17)) {
      this.tinode = new this.Tinode(agent, host, apiKey, transport, false, 'web');
    } else {
      const config = { appName: agent, host, apiKey, transport, secure: false, persist: false };
      await new Promise((ready) => (this.tinode = new this.Tinode(config, ready)));
    }
    this.tinode.onPresMessage = (pres) => this.pres.push(pres);
    this.tinode.onInfoMessage = (info) => this.info.push(info);
    this.tinode.onDataMessage = (data) => this.data.push(data);
    this.tinode.onMetaMessage = (meta) => this.meta.push(meta);
    // The SDK reports a {ctrl} at once and all else a turn later: keep the order.
    this.tinode.onCtrlMessage = (ctrl) => setTimeout(() => this.ctrl.push(ctrl));
    this.tinode.onDisconnect = () => this.disconnects++;
    this.tinode.onConnect = () => (this.connected = true);
    this.tinode.onAutoreconnectIteration = (_, attempt) => attempt?.catch(() => {});
    this.#mend();
  }

  // mend repairs what only shows outside a browser, where an error that nobody
  // catches ends the program.
  #mend() {
    // The SDK sends requests of its own; closing the connection rejects them.
    const getMeta = this.tinode.getMeta.bind(this.tinode);
    this.tinode.getMeta = (...args) => {
      const answer = getMeta(...args);
      answer.catch(() => {});
      return answer;
    };
    // A receipt is sent a moment after the message, connected or not.
    const note = this.tinode.note.bind(this.tinode);
    this.tinode.note = (...args) => this.tinode.isConnected() && note(...args);
    // 0.17 looks for the cache in the wrong object when a new contact appears.
    if (this.version.startsWith('0.17.')) this.me._db = this.tinode._db;
  }

  // greeted waits for the answer to {hi} after something that connects.
  async #greeted(connect) {
    this.connected = false;
    await connect();
    await until('an answer to {hi}', () => this.connected);
  }

  // reconnect does at once what the SDK would do by itself after a while.
  reconnect() {
    return this.#greeted(() => this.tinode.reconnect());
  }

  // reconnected waits until the SDK has done it by itself.
  reconnected() {
    return this.#greeted(() => {});
  }

  get me() {
    return this.tinode.getMeTopic();
  }

  get id() {
    return this.tinode.getCurrentUserID();
  }

  // online attaches to 'me' and fetches what an app fetches.
  async online() {
    const query = this.me.startMetaQuery().withDesc().withSub().withTags();
    if (this.since(16)) query.withCred();
    await this.#attach(this.me, query, this.since(16) ? 'creds' : 'tags');
  }

  contact(name) {
    const contact = this.me.getContact(name);
    return contact?._deleted ? undefined : contact; // kept for the history since 0.20
  }

  // unread is how many messages of a contact are new.
  unread(name) {
    const contact = this.contact(name);
    // 0.15 has NaN as long as nothing was read.
    return this.since(16) ? contact.unread : (contact.seq | 0) - (contact.read | 0);
  }

  // access changes somebody's mode in a topic, one's own without a user:
  // "+P", "-RW".
  access(topic, user, change) {
    if (this.since(16)) return topic.updateMode(user, change);
    const acs = user ? topic.subscriber(user).acs : topic.getAccessMode();
    const mode = user ? acs.updateGiven(change).getGiven() : acs.updateWant(change).getWant();
    return topic.setMeta({ sub: { user, mode } });
  }

  // renewed is a topic with its description as it is now. 0.15 does not
  // understand the news about one's own access and has to ask.
  async renewed(topic) {
    if (!this.since(16)) await this.fetch(topic, topic.startMetaQuery().withDesc(), 'desc');
    return topic;
  }

  // evicted waits for the server to say so.
  evicted() {
    return until('eviction', () => this.ctrl.find((ctrl) => ctrl.code === 205 && ctrl.text === 'evicted'));
  }

  // away closes the connection, as a phone does in a tunnel; back returns to
  // 'me' and asks for what was missed.
  async away() {
    const before = this.disconnects;
    this.tinode.disconnect();
    await until('the end of the connection', () => this.disconnects > before);
  }

  async back() {
    const { token } = this.tinode.getAuthToken();
    await this.reconnect();
    await this.tinode.loginToken(token);
    // What withLaterSub is for; 0.17 and later don't remember and ask for all.
    const lists = this.meta.filter((meta) => meta.topic === 'me' && meta.sub).map((meta) => meta.ts);
    const query = this.me.startMetaQuery().withSub(lists.at(-1)).withDesc().withTags();
    await this.#attach(this.me, query, 'tags');
  }

  // search returns what is found in 'fnd', by the name of what it is.
  async search(words) {
    const fnd = this.tinode.getFndTopic();
    if (!fnd.isSubscribed()) await fnd.subscribe();
    await fnd.setMeta({ desc: { public: words } });
    const [metas, ctrls] = [this.meta.length, this.ctrl.length];
    fnd.getMeta(fnd.startMetaQuery().withSub().build());
    await until('an answer from fnd', () =>
      this.meta.slice(metas).some((meta) => meta.topic === 'fnd' && meta.sub) ||
      this.ctrl.slice(ctrls).some((ctrl) => ctrl.topic === 'fnd' && ctrl.params?.what === 'sub'));
    const found = {};
    fnd.contacts((contact, name) => (found[name] = contact));
    return found;
  }

  // fetch asks for more of a topic and waits for that part. The promise of
  // getMeta can't be awaited until 0.15: only a {ctrl} fulfills it.
  async fetch(topic, query, part) {
    const before = this.meta.length;
    this.tinode.getMeta(topic.name, query.build());
    return until(`${part} of ${topic.name}`, () =>
      this.meta.slice(before).find((meta) => meta.topic === topic.name && meta[part]));
  }

  // open attaches to a topic and fetches description, members, history and what
  // was deleted.
  async open(name, limit = 24) {
    const topic = this.tinode.getTopic(name);
    const query = topic.startMetaQuery().withDesc().withSub().withData(undefined, undefined, limit).withDel(1, 1024);
    await this.#attach(topic, query, 'del');
    return topic;
  }

  // group makes a new one, channel one with readers.
  channel(params) {
    return this.group(params, true);
  }

  async group(params, channel = false) {
    const { tinode } = this;
    let topic;
    if (this.since(17)) topic = tinode.getTopic(tinode.newGroupTopicName(channel));
    else topic = channel ? tinode.newChannel() : tinode.newTopic();
    const query = topic.startMetaQuery().withDesc().withSub().withTags();
    await this.#attach(topic, query, 'tags', params);
    if (!this.since(16)) {
      // 0.15 gets the answers before it knows the new name.
      const again = topic.startMetaQuery().withDesc().withSub().withTags();
      await this.fetch(topic, again, params?.tags ? 'tags' : 'sub');
    }
    return topic;
  }

  // attach subscribes and waits for the last of the answers: a {meta} with that
  // part, or a {ctrl} that says there is none.
  async #attach(topic, query, last, params) {
    const { id } = await topic.subscribe(query.build(), params);
    const part = last === 'creds' ? 'cred' : last;
    await until(`${last} of ${topic.name}`, () =>
      this.meta.some((meta) => meta.id === id && meta[part]) ||
      this.ctrl.some((ctrl) => ctrl.id === id && ctrl.params?.what === last));
  }

  // say publishes as an app does: into the own cache first, without an echo.
  async say(topic, text, head) {
    const message = topic.createMessage(text, true);
    if (head) message.head = Object.assign(message.head ?? {}, head);
    const ctrl = await topic.publishDraft(message);
    if (!ctrl) throw new Error(`"${text}" was not accepted`);
    return ctrl.params.seq;
  }

  // earlier fetches the page before the oldest cached message.
  earlier(topic, limit) {
    if (!this.since(24)) return topic.getMessagesPage(limit, false);
    return topic.getMessagesPage(limit, null, 0, oldest(topic));
  }

  // clear is the value that removes another.
  get clear() {
    return this.Tinode.DEL_CHAR;
  }

  close() {
    this.tinode.onDisconnect = undefined;
    this.tinode.note = () => {}; // a receipt that is still to be sent
    this.tinode.disconnect();
  }
}

function oldest(topic) {
  const [first] = texts(topic);
  return first ? Number(first[0]) : undefined;
}

// texts is the history in a client's cache as [[seq, content], …]; the
// placeholders of missing ranges are left out.
export function texts(topic) {
  const out = [];
  topic.messages((m) => m.content !== undefined && out.push([m.seq, m.content]));
  return out.sort(([a], [b]) => a - b); // 0.15 leaves own messages where they were written
}

// code is the wire's code of an error, which old versions only have as text.
export function code(error) {
  return error.code ?? Number(error.message.match(/\((\d{3})\)$/)?.[1]);
}

// refused expects a request to be refused with a code.
export async function refused(expected, request) {
  let answer;
  try {
    answer = await request;
  } catch (error) {
    if (code(error) === expected) return;
    throw error;
  }
  throw new Error(`expected ${expected}, got ${JSON.stringify(answer)}`);
}

export const probe = Client.probe;
