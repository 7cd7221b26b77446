import { Browser } from './browser.js';
import { Raw, secretOf } from './raw.js';

// What people do on the page, by what they see of it.

export const password = 'correct horse';

let made = 0;

// person opens a browser and makes an account. The login is the name in small
// letters with a number, so that it is new.
export async function person(server, name, size = 'desktop', more = {}) {
  const b = await Browser.open(server, size, more);
  b.name = name;
  b.login = `${name.toLowerCase().replace(/[^a-z0-9]/g, '')}${++made}`;
  await b.page.goto('');
  await signUp(b.page, { name, login: b.login });
  return b;
}

// enrol makes an account without a page: { name, login, user, state }; with state a browser opens
// as if he had logged in there before.
export async function enrol(server, name) {
  const login = `${name.toLowerCase().replace(/[^a-z0-9]/g, '')}${++made}`;
  const raw = await Raw.open(server);
  const { params } = await raw.must('acc', { user: 'new', scheme: 'basic', secret: secretOf(login, password), login: true, desc: { public: { fn: name } } });
  raw.close();
  const account = { uid: params.user, token: params.token, expires: params.expires, since: new Date().toISOString() };
  const localStorage = [{ name: 'parley.account', value: JSON.stringify(account) }];
  return { name, login, user: params.user, token: params.token, state: { cookies: [], origins: [{ origin: server.url.slice(0, -1), localStorage }] } };
}

// tell sends texts of one to the other, without a page.
export async function tell(server, from, to, ...texts) {
  const raw = await Raw.open(server);
  await raw.must('login', { scheme: 'token', secret: from.token });
  await raw.must('sub', { topic: to.user });
  for (const content of texts) await raw.must('pub', { topic: to.user, noecho: true, content });
  raw.close();
}

// arrive opens a browser as somebody enrolled, at an address of the page.
export async function arrive(server, who, { size = 'desktop', at = '', ...more } = {}) {
  const b = await Browser.open(server, size, { storageState: who.state, ...more });
  Object.assign(b, { name: who.name, login: who.login, user: who.user, token: who.token });
  await b.page.goto(at && `#/${at}`);
  if (!at) await listShown(b.page);
  return b;
}

// pair is two people who look at their conversation, in which one message stands: "first".
export async function pair(server, one = {}, other = {}) {
  const [a, b] = await Promise.all([enrol(server, 'Anna'), enrol(server, 'Bert')]);
  await tell(server, a, b, 'first');
  const [anna, bert] = await Promise.all([arrive(server, a, { at: `c/${b.user}`, ...one }), arrive(server, b, { at: `c/${a.user}`, ...other })]);
  for (const { page } of [anna, bert]) await page.locator('article.message', { hasText: 'first' }).waitFor();
  return { anna, bert };
}

export async function signUp(page, { name, login, pass = password }) {
  await page.getByRole('link', { name: 'Create account' }).click();
  await page.getByLabel('Your name').fill(name);
  await page.getByLabel('Login name').fill(login);
  await page.getByLabel('Password', { exact: true }).fill(pass);
  await page.getByRole('button', { name: 'Create account' }).click();
  await listShown(page);
}

export async function logIn(page, login, pass = password) {
  await page.getByLabel('Login name').fill(login);
  await page.getByLabel('Password', { exact: true }).fill(pass);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
}

export async function listShown(page) {
  await page.getByRole('heading', { name: 'Chats', exact: true }).waitFor();
}

export async function logOut(page) {
  await page.getByRole('button', { name: 'Account and settings' }).click();
  await page.getByRole('menuitem', { name: 'Log out' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Log out' }).click();
  await page.getByLabel('Login name').waitFor();
}

// toList goes to the list from wherever that is not seen (a phone). The page may go there by
// itself at the same moment: then there is nothing left to press.
export async function toList(page) {
  const back = page.locator('.shell').getByRole('button', { name: /^(Back|Close)$/ });
  const list = page.getByRole('heading', { name: 'Chats', exact: true });
  for (let i = 0; i < 8 && !(await list.isVisible()); i++) await back.first().click({ timeout: 2000 }).catch(() => {});
  await list.waitFor();
}

// startChat finds somebody by login and opens the conversation.
export async function startChat(page, login, name) {
  await toList(page);
  await page.getByRole('button', { name: 'New chat' }).first().click();
  await page.getByRole('searchbox', { name: 'Name, login' }).fill(login);
  await page.getByRole('link', { name }).click();
  await page.locator('main').getByRole('heading', { name }).waitFor();
}

// write sends a text in the conversation that is open.
export async function write(page, text) {
  const main = page.locator('main');
  await main.getByRole('textbox', { name: 'Message' }).fill(text);
  await main.getByRole('button', { name: 'Send', exact: true }).click(); // on a phone Enter begins a new line
}

// row is the entry of a conversation in the list.
export const row = (page, name) => page.locator('.side .row', { hasText: name });
