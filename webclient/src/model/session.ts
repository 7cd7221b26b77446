import { batch, signal } from '@preact/signals';
import { Tinode, type Credential, type Ctrl, type TopicMe } from 'tinode-sdk';
import { openCache, removeCache, useCache } from './cache';
import { setFileCookie } from './fileCookie';
import { mend } from './mend';
import { codeOf, isAway, Problem } from './problem';
import { server } from './server';
import { local, ofUser, storageKey } from './storage';

// The one connection to the server, and who is logged in. Everything that
// belongs to a user is given up by end(), before anybody else can log in.

// Phase: starting (nothing known yet), out (nobody is logged in), second (the
// password was right, something else is asked for), in.
export type Phase = 'starting' | 'out' | 'second' | 'in';
export const phase = signal<Phase>('starting');

// Connection of a user who is in: his lists are there even while it is down.
export type Connection = 'offline' | 'connecting' | 'online';
export const connection = signal<Connection>('offline');
export const retryAt = signal<number>(0); // time of the next attempt, ms; 0: none waits

// online counts the logins that succeeded: who attaches to topics does it again
// whenever this changes. 0 while there is no connection.
export const online = signal(0);

// synced: the list of conversations has come at least once from the server.
export const synced = signal(false);

// openTopic is the conversation that is before the user, '' for none. The page
// sets it.
export const openTopic = signal('');

export const myID = signal<string>('');
// missing is what a login still needs (phase second): "totp", "email", "tel".
export const missing = signal<string[]>([]);
// notice is shown once above the login form.
export const notice = signal<'' | 'ended' | 'password' | 'provider'>('');

interface Account {
  uid: string;
  token: string;
  expires: string; // RFC 3339
  since: string; // when this token was given
}
const kept = 'account';

let tinode: Tinode | undefined;
// second is a login that lacks something; addresses are those that the account was
// made with here, by method.
let second: { token: string; addresses: { [method: string]: string } } | undefined;
let logins = 0;

// sdk is the connection. Features use it after phase is "in".
export function sdk(): Tinode {
  if (!tinode) throw new Error('no connection yet');
  return tinode;
}
export const me = (): TopicMe => sdk().getMeTopic();
export const drawer = () => ofUser(myID.peek());

// What features do at the beginning and the end of a user's time.
type Start = () => void | (() => void);
const starts: Start[] = [];
const ends: (() => void)[] = [];
// whenIn runs start for each user who logs in; what it returns runs at the end.
export function whenIn(start: Start): void {
  starts.push(start);
  if (phase.peek() === 'in') run(start);
}
function run(start: Start): void {
  const end = start();
  if (end) ends.push(end);
}

// begin goes on where this browser stopped: with the last user, or with none.
export async function begin(): Promise<void> {
  addEventListener('storage', otherTab);
  // What nobody waits for may be lost with the connection: that is shown as such.
  addEventListener('unhandledrejection', (e) => [418, 503, 504].includes(codeOf(e.reason)) && e.preventDefault());
  addEventListener('online', () => tinode?.reconnect());
  addEventListener('visibilitychange', () => {
    if (!document.hidden && connection.peek() === 'offline' && phase.peek() === 'in') tryNow();
  });
  setInterval(renew, 3_600_000);
  const account = local.get<Account>(kept);
  if (account?.uid && account.token && Date.parse(account.expires) > Date.now()) {
    await make(account.uid);
    sdk().setAuthToken({ token: account.token, expires: new Date(account.expires) });
    enter(account.uid);
    void connect();
    return;
  }
  if (account?.uid) await forget(account.uid);
  await make('');
  phase.value = 'out';
}

// make builds the SDK's object with the cache of a user, or without any.
async function make(uid: string): Promise<void> {
  const info = server.peek();
  if (!info) throw new Error('make: the server is not known');
  useCache(uid);
  let done: (e?: unknown) => void = () => {};
  const ready = new Promise<unknown>((resolve) => (done = resolve));
  const secure = location.protocol === 'https:';
  const t = new Tinode(
    {
      appName: `${info.product}Web/${info.version}`,
      host: location.host + info.api.replace(/\/$/, ''),
      apiKey: info.apiKey,
      transport: 'ws',
      secure,
      persist: uid !== '',
      platform: 'web',
    },
    (e) => done(e),
  );
  tinode = t;
  t.setHumanLanguage(document.documentElement.lang || navigator.language);
  mend(t);
  t.onConnect = () => tinode === t && void connected();
  t.onDisconnect = () => tinode === t && disconnected();
  t.onCtrlMessage = (ctrl) => {
    if (tinode === t) seen(ctrl);
  };
  t.onAutoreconnectIteration = (ms, attempt) => {
    attempt?.catch(() => {}); // the next one is under way
    if (tinode !== t) return;
    if (ms > 0) batch(() => ((connection.value = 'offline'), (retryAt.value = Date.now() + ms)));
    else if (ms === 0) batch(() => ((connection.value = 'connecting'), (retryAt.value = 0)));
  };
  await ready; // an error is about the cache alone: it works without
}

function connect(): Promise<void> {
  if (connection.peek() === 'offline') connection.value = 'connecting';
  return sdk()
    .connect()
    .then(
      () => {},
      () => {}, // the SDK tries again by itself
    );
}

// tryNow does not wait for the next attempt.
export function tryNow(): void {
  retryAt.value = 0;
  connection.value = 'connecting';
  sdk().reconnect(true);
}

// greeted waits for an answer to {hi}: logins need it.
let greeting: (() => void)[] = [];
let greeted = false;
async function reach(): Promise<void> {
  if (greeted) return;
  const waiting = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Problem(503, 'no answer')), 10_000);
    greeting.push(() => (clearTimeout(timer), resolve()));
  });
  await connect();
  if (!sdk().isConnected()) {
    greeting = [];
    throw new Problem(503, 'no connection');
  }
  await waiting;
}

async function connected(): Promise<void> {
  greeted = true;
  greeting.forEach((f) => f());
  greeting = [];
  if (phase.peek() !== 'in') {
    connection.value = 'online';
    return;
  }
  const t = sdk();
  const token = t.getAuthToken() ?? savedToken();
  if (!token) return void end('ended');
  try {
    keep(await t.loginToken(token.token));
    await attach();
  } catch (e) {
    if (tinode !== t) return;
    if (!isAway(e) && codeOf(e) !== 429) return void end('ended');
    setTimeout(() => tinode === t && phase.peek() === 'in' && t.reconnect(true), 3_000);
  }
}

function savedToken(): { token: string; expires: Date } | null {
  const account = local.get<Account>(kept);
  return account && account.uid === myID.peek() ? { token: account.token, expires: new Date(account.expires) } : null;
}

// attach subscribes to me and tells everybody who waits that we are back.
async function attach(): Promise<void> {
  const topic = me();
  if (!topic.isSubscribed()) {
    const query = topic.startMetaQuery().withSub().withDesc().withTags().withCred().build();
    await topic.subscribe({ ...query, what: `${query.what} sync`, sync: known() });
  }
  batch(() => {
    connection.value = 'online';
    retryAt.value = 0;
    online.value = ++logins;
  });
}

// known is what the cache has, for the server to send what is new since: see
// docs/protocol.md#get-sync. Of conversations that are new here only the last
// message is wanted, for the list.
function known(): { topics: { [name: string]: { seq: number; del: number } }; limit: number } {
  const topics: { [name: string]: { seq: number; del: number } } = {};
  let messages = 0;
  sdk().mapTopics((topic) => {
    if (!topic.isCommType() || topic._new) return;
    topics[topic.name] = { seq: topic.maxMsgSeq(), del: Math.max(0, topic.maxClearId()) };
    messages += topic.messageCount();
  });
  return { topics, limit: messages > 0 ? 24 : 1 };
}

function disconnected(): void {
  greeted = false;
  batch(() => {
    online.value = 0;
    if (connection.peek() === 'online') connection.value = 'offline';
  });
}

// seen looks at every {ctrl}: the server may end the session, or say why it
// refuses, which the SDK does not pass on.
let refusal: Ctrl | undefined;
const waiting = new Map<string, (ctrl: Ctrl) => void>(); // of send, by the request's id
function seen(ctrl: Ctrl): void {
  if (ctrl.id) waiting.get(ctrl.id)?.(ctrl);
  if (ctrl.code >= 400 || ctrl.code === 300) refusal = ctrl;
  // The SDK hands on what came before this one in its next turn.
  if (ctrl.params?.what === 'sync') setTimeout(() => tinode?.isAuthenticated() && (synced.value = true));
  if (ctrl.code === 205 && ctrl.text === 'evicted' && !ctrl.topic && phase.peek() === 'in') void end(local.get(kept) ? 'ended' : '');
}

// ask makes of the SDK's errors ones that have the whole answer.
export async function ask<T>(request: () => Promise<T>): Promise<T> {
  refusal = undefined;
  try {
    return await request();
  } catch (e) {
    const why = refusal as Ctrl | undefined;
    if (why && why.code === codeOf(e)) throw new Problem(why.code, why.text, { ...why.params, busy: true });
    throw e;
  }
}

// logIn with a name and a password. It fails with a Problem.
export async function logIn(login: string, password: string): Promise<void> {
  await settle(() => sdk().loginBasic(login, password));
}

// logInWith a secret of another scheme, such as the code of a provider.
export async function logInWith(scheme: string, secret: string): Promise<void> {
  await settle(() => sdk().login(scheme, btoa(secret)));
}

export interface NewAccount {
  login: string;
  password: string;
  name: string;
  cred: Credential[];
  invite: string;
}

// signUp makes an account and logs in to it.
export async function signUp(a: NewAccount): Promise<void> {
  await settle(() =>
    sdk().createAccountBasic(a.login, a.password, {
      public: { fn: a.name },
      cred: a.cred,
      tags: a.invite ? [`invite:${a.invite}`] : [],
    }),
    Object.fromEntries(a.cred.map((c) => [c.meth, c.val ?? ''])),
  );
}

// confirm gives what a login was missing. It answers false if it was wrong.
export async function confirm(method: string, code: string): Promise<boolean> {
  const token = second?.token;
  if (!token) throw new Problem(401, 'no login under way');
  await settle(() => sdk().loginToken(token, [{ meth: method, resp: code }]));
  return phase.peek() !== 'second' || missing.peek()[0] !== method;
}

// addressOf is where the code of a method went; '' for somebody who comes back to
// an account whose address he has never confirmed: the server does not tell.
export const addressOf = (method: string): string => second?.addresses[method] ?? '';

// sendAgain has another code sent, to the same address or to the right one.
export async function sendAgain(method: string, address: string): Promise<void> {
  if (!second) throw new Problem(401, 'no login under way');
  await reach();
  await send({ acc: { tmpscheme: 'token', tmpsecret: second.token, cred: [{ meth: method, val: address }] } });
  if (second) second.addresses[method] = address;
}

// askForCode has a code for a new password sent. The server does not say whether
// there is such an address.
export async function askForCode(method: string, address: string): Promise<void> {
  await reach();
  await ask(() => sdk().requestResetAuthSecret('basic', method, address));
}

// newPassword sets it, with the code that was sent.
export async function newPassword(method: string, address: string, code: string, password: string): Promise<void> {
  await reach();
  const secret = btoa(String.fromCharCode(...new TextEncoder().encode(`${code}:${method}:${address}`)));
  await ask(() => sdk().updateAccountBasic(null, '', password, { scheme: 'code', secret }));
}

// settle brings a login to its end: in, or the second step.
async function settle(request: () => Promise<Ctrl>, addresses = second?.addresses ?? {}): Promise<void> {
  notice.value = '';
  await reach();
  const ctrl = await ask(request);
  if (ctrl.code === 300) {
    second = { token: String(ctrl.params?.token ?? ''), addresses };
    batch(() => {
      missing.value = (ctrl.params?.cred as string[] | undefined) ?? [];
      phase.value = 'second';
    });
    return;
  }
  const uid = String(ctrl.params?.user ?? '');
  await removeCache(uid); // whatever was left of an earlier time
  useCache(uid);
  await openCache(sdk());
  keep(ctrl);
  enter(uid);
  await attach();
}

// giveUp leaves the second step.
export async function giveUp(): Promise<void> {
  await reset();
}

function keep(ctrl: Ctrl): void {
  const { user, token, expires } = ctrl.params ?? {};
  if (!token || !user) return;
  const account: Account = { uid: user, token, expires: new Date(expires).toISOString(), since: new Date().toISOString() };
  local.put(kept, account);
}

function enter(uid: string): void {
  second = undefined;
  batch(() => {
    missing.value = [];
    myID.value = uid;
    phase.value = 'in';
  });
  starts.forEach(run);
}

// renew fetches a new token when most of the time of this one has gone: by
// coming back, since each login brings one.
function renew(): void {
  const account = local.get<Account>(kept);
  if (phase.peek() !== 'in' || connection.peek() !== 'online' || !account) return;
  const [since, expires] = [Date.parse(account.since), Date.parse(account.expires)];
  if (Date.now() > since + (expires - since) * 0.6) sdk().reconnect(true);
}

// logOut ends the session on the server too, if that can be reached.
export async function logOut(): Promise<void> {
  const reachable = connection.peek() === 'online';
  await close();
  finish(); // a call is hung up while there is still a session to do it with
  local.put(kept, null); // other tabs are to know that it was the user himself
  try {
    if (reachable) await endOnServer();
  } catch {
    // the token is forgotten here; on the server it ends by itself
  }
  await end('');
}

async function endOnServer(): Promise<void> {
  const t = sdk();
  const list = new Promise<{ id: string; current?: boolean }[]>((resolve, reject) => {
    const before = t.onMetaMessage;
    const done = () => ((t.onMetaMessage = before), clearTimeout(timer));
    const timer = setTimeout(() => (done(), reject(new Error('no answer'))), 3_000);
    t.onMetaMessage = (meta) => {
      before?.(meta);
      if (Array.isArray(meta.sessions)) done(), resolve(meta.sessions);
    };
  });
  const [sessions] = await Promise.all([list, t.getMeta('me', { what: 'sessions' })]);
  const mine = sessions.find((s) => s.current);
  if (mine) await delSession(mine.id);
}

// delSession ends a session of the user: docs/protocol/accounts.md#sessions. The
// SDK knows no such request; it sends what it is given for a {del}.
export function delSession(id: string): Promise<unknown> {
  return send({ del: { topic: 'me', what: 'session', session: id } });
}

// send puts a packet on the wire that the SDK has no method for, and waits for
// its {ctrl}.
export function send(packet: { [kind: string]: { [field: string]: unknown } }): Promise<Ctrl> {
  const t = sdk() as unknown as { getNextUniqueId(): string; _connection: { sendText(text: string): void } };
  const [kind, body] = Object.entries(packet)[0] as [string, { [field: string]: unknown }];
  const id = t.getNextUniqueId();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => (done(), reject(new Problem(504, 'timeout'))), 5_000);
    const done = () => (clearTimeout(timer), waiting.delete(id));
    waiting.set(id, (ctrl) => {
      done();
      if (ctrl.code < 400) resolve(ctrl);
      else reject(new Problem(ctrl.code, ctrl.text, ctrl.params));
    });
    try {
      t._connection.sendText(JSON.stringify({ [kind]: { id, ...body } }));
    } catch (e) {
      done();
      reject(e);
    }
  });
}

// end gives up everything of the user.
export async function end(why: '' | 'ended'): Promise<void> {
  const uid = myID.peek();
  if (!uid) return;
  await close();
  await forget(uid);
  await reset();
  notice.value = why;
}

// close takes the user's page away while everything it uses is still there: it
// is rendered in the next turn.
async function close(): Promise<void> {
  phase.value = 'starting';
  await new Promise((resolve) => setTimeout(resolve, 30));
}

// finish is the end of what features began in whenIn.
function finish(): void {
  ends.splice(0).reverse().forEach((f) => f());
}

async function reset(): Promise<void> {
  finish();
  const old = tinode;
  const uid = myID.peek();
  tinode = undefined;
  second = undefined;
  greeted = false;
  greeting = [];
  if (old) {
    old.disconnect();
    if (uid) await removeCache(uid, old);
  }
  await make('');
  batch(() => {
    phase.value = 'out';
    myID.value = '';
    missing.value = [];
    online.value = 0;
    synced.value = false;
    connection.value = 'offline';
    retryAt.value = 0;
  });
}

async function forget(uid: string): Promise<void> {
  local.put(kept, null);
  setFileCookie(undefined);
  ofUser(uid).clear();
  await removeCache(uid);
}

// otherTab follows what another tab does: logging out there is logging out here.
function otherTab(e: StorageEvent): void {
  if (e.key !== storageKey(kept)) return;
  const account = local.get<Account>(kept);
  if (account?.uid !== myID.peek() && phase.peek() !== 'starting') location.reload();
}
