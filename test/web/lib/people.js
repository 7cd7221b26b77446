import { Browser } from './browser.js';

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

// toList goes to the list from wherever that is not seen (a phone).
export async function toList(page) {
  const back = page.locator('.shell').getByRole('button', { name: /^(Back|Close)$/ });
  const list = page.getByRole('heading', { name: 'Chats', exact: true });
  for (let i = 0; i < 4 && !(await list.isVisible()); i++) await back.first().click();
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
