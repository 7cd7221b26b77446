import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe } from '../lib/axe.js';
import { Browser, endBrowsers } from '../lib/browser.js';
import { listShown, logOut } from '../lib/people.js';
import { Provider } from '../lib/provider.js';
import { Server } from '../lib/server.js';

// Signing in through an OpenID provider.

const provider = await new Provider().start();
provider.users = [{ sub: 'u-1', name: 'Olga Stein' }, { sub: 'u-2', name: 'Paul Roth' }];
const server = new Server({
  auth_config: { oidc: { issuer: provider.url, client_id: provider.client.id, client_secret: provider.client.secret, name: 'Staff' } },
});
before(() => server.start());
after(async () => {
  await endBrowsers();
  await server.close();
  await provider.close();
});

const open = async (size) => {
  const b = await Browser.open(server, size);
  b.hosts.push(provider.host);
  await b.page.goto('');
  return b;
};
const whoAmI = (page) => page.evaluate(() => JSON.parse(localStorage.getItem('parley.account')).uid);
const through = async (page, name) => {
  await page.getByRole('button', { name: 'Continue with Staff' }).click();
  await page.getByRole('heading', { name: 'Who are you?' }).waitFor();
  await page.getByRole('link', { name }).click();
};

test('the first sign-in makes an account, later ones find it', async () => {
  const b = await open();
  const { page } = b;
  await page.getByRole('button', { name: 'Continue with Staff' }).waitFor();
  await axe(page);
  const left = page.waitForRequest((r) => r.url().includes('/oidc/staff/start'));
  await through(page, 'Olga Stein');
  await listShown(page);
  const challenge = new URL((await left).url()).searchParams.get('challenge');
  assert.match(challenge, /^[\w-]{43}$/); // the code is good in this tab alone
  assert.doesNotMatch(page.url(), /oidc/);
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  await page.getByTitle('Olga Stein').waitFor(); // as the provider calls her
  const first = await whoAmI(page);
  await page.reload(); // the token is an ordinary one
  await listShown(page);
  await logOut(page);
  await through(page, 'Olga Stein');
  await listShown(page);
  assert.equal(await whoAmI(page), first);
  await logOut(page);
  await through(page, 'Paul Roth');
  await listShown(page);
  assert.notEqual(await whoAmI(page), first);
  await b.close();
});

test('from the page for new accounts, on a phone', async () => {
  const b = await open('phone');
  await b.page.getByRole('link', { name: 'Create account' }).click();
  await through(b.page, 'Olga Stein');
  await listShown(b.page);
  await b.close();
});

test('cancelled there, one comes back to the form', async () => {
  const b = await open();
  b.allow.push(/status of 403/);
  const { page } = b;
  await through(page, 'Cancel');
  await page.getByRole('heading', { name: 'Sign-in did not work' }).waitFor();
  await page.getByRole('link', { name: 'Back' }).click();
  await page.getByLabel('Login name').waitFor();
  await through(page, 'Paul Roth'); // and can try again
  await listShown(page);
  await b.close();
});

test('a code that was not asked for here is dropped', async () => {
  const thief = await open();
  // all but the last step, without a challenge: the code is good for whoever has it
  const leadsTo = async (url) => {
    const res = await thief.context.request.get(url, { maxRedirects: 0 });
    return res.headers().location ?? (await res.text());
  };
  const asking = await leadsTo(await leadsTo('/v0/auth/oidc/staff/start?redirect=/'));
  const choice = asking.match(/href="([^"]+as=u-1)"/)[1].replaceAll('&amp;', '&');
  const link = await leadsTo(await leadsTo(provider.url + choice));
  assert.match(link, /^\/#oidc=[\w-]+$/);
  const victim = await Browser.open(server);
  await victim.page.goto(link.slice(1));
  await victim.page.getByLabel('Login name').waitFor();
  assert.doesNotMatch(victim.page.url(), /oidc/);
  assert.equal(await victim.page.evaluate(() => localStorage.getItem('parley.account')), null);
  await victim.close();
  await thief.close();
});
