import { after, before, test } from 'node:test';
import { axe } from '../lib/axe.js';
import { Browser, endBrowsers } from '../lib/browser.js';
import { hash } from '../lib/groups.js';
import { noMail } from '../lib/mail.js';
import { arrive, enrol, listShown, logIn, row, tell, toList } from '../lib/people.js';
import { picture } from '../lib/picture.js';
import { Raw } from '../lib/raw.js';
import { Server } from '../lib/server.js';

// What every page looks like, on a desk and on a phone, light and dark; and axe on
// each. Conversations and calls: pictures-conversation.test.js.

const server = new Server({ acc_validation: { email: { add_to_tags: true, config: noMail } } });

let anna, bert, cleo, dan, eve, club, news;
const member = (user, mode) => ({ user, mode });

before(async () => {
  await server.start();
  [anna, bert, cleo, dan, eve] = await Promise.all(['Anna Berg', 'Bert Adams', 'Cleo Ng', 'Dan Frost', 'Eve Lind'].map((name) => enrol(server, name)));
  // Texts are on the server one after the other: the list is in their order.
  await tell(server, dan, anna, 'Did you see the photos?', 'And the film?');
  await tell(server, cleo, anna, 'Thank you!');
  await tell(server, bert, anna, 'Shall we meet at the station at noon? The train leaves ten minutes later.');
  const raw = await Raw.open(server);
  await raw.must('login', { scheme: 'token', secret: anna.token });
  const make = async (name, note, content, defacs, ...members) => {
    const { topic } = await raw.must('sub', { topic: name, set: { desc: { public: { fn: content.fn, note }, defacs } } });
    await raw.must('pub', { topic, noecho: true, content: content.text });
    for (const sub of members) await raw.must('set', { topic, sub });
    return topic;
  };
  // Whatever the tests open was read before, so that they do not depend on each other.
  await raw.must('sub', { topic: bert.user });
  raw.say('note', { topic: bert.user, what: 'read', seq: 1 });
  news = await make('nch', 'What the town council does', { fn: 'Town hall', text: 'The bridge is open again.' }, { auth: 'JRPS', anon: 'N' });
  club = await make('new', 'Every other Sunday, in any weather.', { fn: 'Walking club', text: 'Next time: the lake.' }, { auth: 'N', anon: 'N' }, member(bert.user, 'JRWPSA'), member(cleo.user, 'JRWPS'));
  raw.close();
});
after(async () => {
  await endBrowsers();
  await server.close();
});

const button = (page, name) => page.getByRole('button', { name, exact: true });
const heading = (page, name) => page.getByRole('heading', { name, exact: true }).filter({ visible: true }).first();
const settings = ['profile', 'account', 'devices', 'totp', 'notifications', 'privacy', 'appearance', 'data'];

for (const [size, colorScheme] of [['desktop', 'light'], ['phone', 'dark'], ['narrow', 'light']]) {
  const look = `${size}, ${colorScheme}`;
  const shot = async (page, name) => {
    await axe(page);
    await picture(page, `${size}-${colorScheme}-${name}`, { mask: ['.invite-link', '[role=img][aria-label*=QR]', '.totp-secret code', '.device-text > :last-child'] });
  };
  const enter = (who, at) => arrive(server, who, { size, colorScheme, at });
  // visit goes to a page by its address, and waits for what is on it.
  const visit = async (page, name, at, what) => {
    await hash(page, at);
    await what.waitFor();
    await shot(page, name);
  };

  test(`before one is logged in: ${look}`, async () => {
    const b = await Browser.open(server, size, { colorScheme });
    const { page } = b;
    await page.goto('');
    await page.getByLabel('Login name').waitFor();
    await shot(page, 'login');
    await page.getByRole('link', { name: 'Create account' }).click();
    await button(page, 'Create account').click();
    await page.getByText('Enter your name.').waitFor();
    await shot(page, 'signup');
    await page.getByRole('link', { name: 'I have an account' }).click();
    await logIn(page, 'nobody', 'wrong');
    await page.getByText('Login name or password is wrong.').waitFor();
    await shot(page, 'login-wrong');
    await page.getByRole('link', { name: 'Forgot password?' }).click();
    await button(page, 'Send code').waitFor();
    await shot(page, 'forgot');
    await page.getByLabel('E-mail address').fill('nobody@example.com');
    await button(page, 'Send code').click();
    await page.getByText('If nobody@example.com belongs to an account').waitFor();
    await shot(page, 'forgot-code');
    await b.close();
  });

  test(`the list, people and invitations: ${look}`, async () => {
    const b = await enter(anna);
    const { page } = b;
    await row(page, 'Dan').getByText('2 unread messages').waitFor({ state: 'attached' });
    await row(page, 'Walking club').getByText('the lake').waitFor();
    await shot(page, 'list');
    await button(page, 'Account and settings').click();
    await page.getByRole('menuitem', { name: 'Log out' }).waitFor();
    await shot(page, 'menu');
    await page.getByRole('menuitem', { name: 'Log out' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Log out' }).waitFor();
    await shot(page, 'logout');
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await row(page, 'Bert').focus();
    await page.keyboard.press('Shift+F10');
    await page.getByRole('menuitem', { name: 'Archive' }).waitFor();
    await shot(page, 'list-menu');
    await page.keyboard.press('Escape');
    await page.getByRole('searchbox').fill('nobody of that name');
    await page.getByText('Nothing found').waitFor();
    await shot(page, 'list-nothing');
    await page.getByRole('searchbox').fill('');
    await visit(page, 'archive', 'archived', heading(page, 'The archive is empty'));
    await visit(page, 'new', 'new', button(page, 'New group'));
    await page.getByRole('searchbox').fill(bert.login);
    await page.getByRole('link', { name: 'Bert' }).waitFor();
    await shot(page, 'new-found');
    await page.getByRole('searchbox').fill('nobodyofthatname');
    await heading(page, 'Nobody found').waitFor();
    await shot(page, 'new-nobody');
    await visit(page, 'new-group', 'new/group', button(page, 'Create group'));
    await visit(page, 'new-channel', 'new/channel', button(page, 'Create channel'));
    await visit(page, 'invite', 'invite', page.getByRole('img', { name: 'QR' }));
    await b.close();

    const nobody = await enter(eve);
    await heading(nobody.page, 'No chats yet').waitFor();
    await shot(nobody.page, 'list-empty');
    await nobody.close();
  });

  test(`people and groups: ${look}`, async () => {
    const b = await enter(anna);
    const { page } = b;
    const panel = page.locator('.panel');
    const of = (topic, sub = '') => `c/${topic}/info${sub && `/${sub}`}`;
    // The conversation first: which of the two has the focus would be chance.
    const begin = async (topic, text) => {
      await hash(page, `c/${topic}`);
      await page.locator('main').getByText(text).first().waitFor();
      if (size === 'desktop') await page.waitForFunction(() => document.activeElement?.localName === 'textarea');
    };
    await begin(bert.user, 'Shall we meet');
    await visit(page, 'person', of(bert.user), heading(panel, 'Bert Adams'));
    await panel.getByRole('button', { name: 'Block' }).click();
    await page.getByRole('dialog').waitFor();
    await shot(page, 'block');
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await visit(page, 'person-edit', of(bert.user, 'edit'), panel.getByLabel('Your name for this person'));
    await begin(club, 'the lake');
    await hash(page, of(club));
    await panel.getByText('3 members').waitFor();
    await visit(page, 'group', of(club), panel.getByText('Every other Sunday'));
    await visit(page, 'group-edit', of(club, 'edit'), panel.getByLabel('Description'));
    await visit(page, 'group-access', of(club, 'access'), panel.getByRole('radio', { name: 'Only people who were invited' }));
    await visit(page, 'group-members', of(club, 'members'), panel.getByRole('link', { name: /Cleo/ }));
    await visit(page, 'group-member', of(club, `member/${bert.user}`), heading(panel, 'Bert Adams'));
    await visit(page, 'group-requests', of(club, 'requests'), heading(panel, 'No requests'));
    await visit(page, 'group-banned', of(club, 'banned'), heading(panel, 'Nobody is banned'));
    await visit(page, 'group-invite', of(club, 'invite'), panel.getByRole('searchbox', { name: 'Name, login' }));
    await visit(page, 'group-link', of(club, 'link'), panel.getByRole('img', { name: 'QR' }));
    await visit(page, 'unknown', 'c/grpAAAAAAAAAAA', page.getByText('This conversation does not exist'));
    await b.close();

    const outside = await enter(eve, `c/${club}`);
    await outside.page.getByText('Only people who were invited can join.').waitFor();
    await shot(outside.page, 'gate-closed');
    await visit(outside.page, 'gate-channel', `c/${news.replace('grp', 'chn')}`, button(outside.page, 'Subscribe'));
    await outside.close();
  });

  test(`settings: ${look}`, async () => {
    const b = await enter(anna);
    const { page } = b;
    const main = page.locator('main');
    if (size !== 'desktop') await visit(page, 'settings', 'settings', heading(page, 'Settings'));
    for (const section of settings) await visit(page, `settings-${section}`, `settings/${section}`, main.locator('.card').first());
    await hash(page, 'settings/totp');
    await button(main, 'Turn on').click();
    await main.getByRole('img', { name: 'QR code' }).waitFor();
    await shot(page, 'totp');
    await hash(page, 'settings/data');
    await button(main, 'Delete account…').click();
    await page.getByRole('dialog').waitFor();
    await shot(page, 'delete-account');
    await b.close();
  });
}
