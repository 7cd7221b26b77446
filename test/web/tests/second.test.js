import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe } from '../lib/axe.js';
import { Browser, endBrowsers } from '../lib/browser.js';
import { MailServer } from '../lib/mail.js';
import { listShown, logIn, logOut, password, person } from '../lib/people.js';
import { Raw, secretOf, totp } from '../lib/raw.js';
import { Server } from '../lib/server.js';

// Logins that need more than a password, and passwords that were forgotten.

const mail = await new MailServer().start();
const email = (required) => ({
  acc_validation: {
    email: { required, config: { smtp_server: '127.0.0.1', smtp_port: mail.port, sender: 'chat@example.com', host_url: 'http://127.0.0.1/' } },
  },
});
const strict = new Server(email(['auth'])); // an address is required
const free = new Server(email([]));
before(() => Promise.all([strict.start(), free.start()]));
after(async () => {
  await endBrowsers();
  await Promise.all([strict.close(), free.close()]);
  await mail.close();
});

const code = (page) => page.getByLabel('Code', { exact: true });
const confirm = async (page, text) => {
  await code(page).fill(text);
  await page.getByRole('button', { name: 'Confirm' }).click();
};

// secured turns on the second factor of somebody, as an app would.
async function secured(server, login) {
  const raw = await Raw.open(server);
  await raw.must('login', { scheme: 'basic', secret: secretOf(login, password) });
  await raw.must('sub', { topic: 'me' });
  const { secret } = (await raw.must('set', { topic: 'me', cred: { meth: 'totp' } })).params;
  const { recovery } = (await raw.must('set', { topic: 'me', cred: { meth: 'totp', resp: totp(secret) } })).params;
  raw.close();
  return { secret, recovery };
}

test('a code of an authenticator app, and a recovery code', async () => {
  const anna = await person(free, 'Anna');
  const { page } = anna;
  await logOut(page);
  const { secret, recovery } = await secured(free, anna.login);
  assert.equal(recovery.length, 10);
  await logIn(page, anna.login);
  await page.getByText('Enter the six digits').waitFor();
  await axe(page);
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.getByText('Enter the code.').waitFor();
  await confirm(page, '000000');
  await page.getByText('This code is not right.').waitFor();
  await page.waitForFunction(() => document.activeElement.name === 'code');
  assert.equal(await page.getByRole('button', { name: 'Send the code again' }).count(), 0); // nobody sent one
  await confirm(page, totp(secret, 1)); // the one of now was used up
  await listShown(page);
  await page.reload(); // the token does not ask for it again
  await listShown(page);
  await logOut(page);
  await logIn(page, anna.login);
  await confirm(page, recovery[3].toUpperCase());
  await listShown(page);
  await logOut(page);
  await logIn(page, anna.login);
  await confirm(page, recovery[3]);
  await page.getByText('This code is not right.').waitFor(); // it was good once
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByLabel('Login name').waitFor();
  await page.reload(); // half a login is none
  await page.getByLabel('Login name').waitFor();
  await anna.close();
});

test('an address is confirmed when signing up, after a mistake in it', async () => {
  const b = await Browser.open(strict);
  const { page } = b;
  const sent = [];
  page.on('websocket', (ws) => ws.on('framesent', (f) => sent.push(String(f.payload))));
  const [wrong, right] = ['carla@exmaple.com', 'carla@example.com'];
  await page.goto('');
  await page.getByRole('link', { name: 'Create account' }).click();
  await page.getByLabel('Your name').fill('Carla');
  await page.getByLabel('Login name').fill('carla');
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByText('Enter your e-mail address.').waitFor();
  await page.getByLabel('E-mail address').fill(wrong);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByText('We sent a code to your e-mail address.').waitFor();
  const first = await mail.code(wrong);
  await axe(page);
  await confirm(page, first === '111111' ? '222222' : '111111');
  await page.getByText('This code is not right.').waitFor();

  await page.getByRole('button', { name: 'Send the code again' }).click();
  const address = page.getByLabel('E-mail address');
  assert.equal(await address.inputValue(), wrong);
  await axe(page);
  await address.fill('');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByText('Enter your e-mail address.').waitFor();
  await address.fill('carla');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByText('This is not an e-mail address.').waitFor();
  await address.fill(right);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByText(`A code is on its way to ${right}.`).waitFor();
  const second = await mail.code(right);

  // once more, to the same address: the request is made; the server sends at most one a minute
  await page.getByRole('button', { name: 'Send the code again' }).click();
  assert.equal(await address.inputValue(), right);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByText(`A code is on its way to ${right}.`).waitFor();
  const requests = sent.map((f) => JSON.parse(f).acc).filter((acc) => acc?.tmpscheme === 'token');
  assert.deepEqual(requests.map((acc) => acc.cred), [[{ meth: 'email', val: 'carla' }], [{ meth: 'email', val: right }], [{ meth: 'email', val: right }]]);
  await confirm(page, second);
  await listShown(page);
  await logOut(page);
  await logIn(page, 'carla'); // confirmed for good
  await listShown(page);
  await b.close();
});

test('who comes back before the address was confirmed is asked for it', async () => {
  const b = await Browser.open(strict, 'phone');
  const { page } = b;
  const raw = await Raw.open(strict);
  await raw.ask('acc', { user: 'new', scheme: 'basic', secret: secretOf('dieter', password), cred: [{ meth: 'email', val: 'dieter@example.com' }] });
  raw.close();
  await page.goto('');
  await logIn(page, 'dieter');
  await page.getByRole('button', { name: 'Send the code again' }).click();
  assert.equal(await page.getByLabel('E-mail address').inputValue(), ''); // the server does not tell it
  await page.getByRole('button', { name: 'Back' }).click();
  await confirm(page, await mail.code('dieter@example.com'));
  await listShown(page);
  await b.close();
});

test('a forgotten password is replaced by a code', async () => {
  const anna = await person(free, 'Anna');
  const address = `${anna.login}@example.com`;
  const raw = await Raw.open(free);
  await raw.must('login', { scheme: 'basic', secret: secretOf(anna.login, password) });
  await raw.must('sub', { topic: 'me' });
  await raw.must('set', { topic: 'me', cred: { meth: 'email', val: address } });
  await raw.must('set', { topic: 'me', cred: { meth: 'email', resp: await mail.code(address) } });
  raw.close();
  const { page } = anna;
  const other = await Browser.open(free, 'phone'); // another device, which is logged in
  await other.page.goto('');
  await logIn(other.page, anna.login);
  await listShown(other.page);

  await logOut(page);
  await page.getByRole('link', { name: 'Forgot password?' }).click();
  await page.getByRole('button', { name: 'Send code' }).click();
  await page.getByText('Enter your e-mail address.').waitFor();
  await axe(page);
  await page.getByLabel('E-mail address').fill(address);
  await page.getByRole('button', { name: 'Send code' }).click();
  await page.getByText(`If ${address} belongs to an account`).waitFor();
  await axe(page);
  const right = await mail.code(address, 2);
  const fill = async (text, pass) => {
    await code(page).fill(text);
    await page.getByLabel('New password', { exact: true }).fill(pass);
    await page.getByRole('button', { name: 'Set password' }).click();
  };
  await fill(right, 'x');
  await page.getByText('Too short: at least 6 characters.').waitFor();
  await fill(right === '111111' ? '222222' : '111111', 'battery staple');
  await page.getByText('This code is wrong or too old.').waitFor();
  await fill(right, 'battery staple');
  await page.getByText('Your password is set. Log in with it.').waitFor();
  await other.page.getByText('You were logged out. Log in again.').waitFor();
  await logIn(page, anna.login);
  await page.getByText('Login name or password is wrong.').waitFor(); // the old one
  await logIn(page, anna.login, 'battery staple');
  await listShown(page);
  await other.close();
  await anna.close();
});

test('of an address that nobody has, the page says the same', async () => {
  const b = await Browser.open(free);
  const { page } = b;
  const before = mail.messages.length;
  await page.goto('');
  await page.getByRole('link', { name: 'Forgot password?' }).click();
  await page.getByLabel('E-mail address').fill('nobody@example.com');
  await page.getByRole('button', { name: 'Send code' }).click();
  await page.getByText('If nobody@example.com belongs to an account').waitFor();
  assert.equal(mail.messages.length, before);
  await b.close();
});
