import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { endBrowsers } from '../lib/browser.js';
import { look } from '../lib/groups.js';
import { patience } from '../lib/patience.js';
import { listShown, logIn, row } from '../lib/people.js';
import { scene } from '../lib/scene.js';
import { Server } from '../lib/server.js';
import { until } from '../lib/until.js';

const server = new Server();
before(() => server.start());
after(async () => {
  await endBrowsers();
  await server.close();
});

const focused = (target) => target.evaluate((e) => e === document.activeElement, null, { timeout: 5_000 * patience });

// reach presses a key until the target has the focus, which then must be seen.
async function reach(page, target, key = 'Tab') {
  await target.waitFor();
  for (let i = 0; !(await focused(target)); i++) {
    assert.ok(i < 60, `${key} does not lead to ${target}`);
    await page.keyboard.press(key);
  }
  const seen = await target.evaluate((e) => {
    const { top, bottom } = e.getBoundingClientRect();
    return e.matches(':focus-visible') && top >= 0 && bottom <= innerHeight + 1;
  });
  assert.ok(seen, `${target} has the focus, and nobody sees it`);
}

async function press(page, role, name, { key = 'Tab', by = 'Enter' } = {}) {
  await reach(page, page.getByRole(role, { name, exact: true }).first(), key);
  await page.keyboard.press(by);
}

for (const size of ['desktop', 'phone']) {
  scene(`by keyboard alone: a group, an invitation, settings, a new password (${size})`, async (person) => {
    const anna = await person(server, 'Anna', size);
    const bert = await person(server, 'Bert', size);
    const { page } = anna;
    const main = page.locator('main');

    await press(page, 'button', 'New chat');
    await press(page, 'button', 'New group');
    await until('the name can be typed at once', () => focused(page.getByLabel('Name', { exact: true })));
    await page.keyboard.press('Enter'); // nothing in it: said, and the field keeps the focus
    await page.getByText('Enter a name.').waitFor();
    await until('the fault has the focus', () => focused(page.getByLabel('Name', { exact: true })));
    await page.keyboard.type('Chess club');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Invite people' }).waitFor();
    await reach(page, page.getByRole('searchbox', { name: 'Name, login' }));
    await page.keyboard.type(bert.login);
    await reach(page, page.getByRole('checkbox', { name: 'Bert' }));
    await look(page, `keyboard-invite-${size}`);
    await page.keyboard.press('Space');
    await press(page, 'button', 'Add 1 person');
    await row(bert.page, 'Chess club').waitFor();

    // the panel is closed, the message written
    await page.locator('.panel').getByRole('heading', { name: 'Chess club' }).waitFor();
    await press(page, 'button', 'Close', { key: 'Shift+Tab' });
    await reach(page, main.getByRole('textbox', { name: 'Message' }));
    await page.keyboard.type('welcome');
    await press(page, 'button', 'Send');
    await row(bert.page, 'Chess club').getByText('welcome').waitFor();
    if (size === 'phone') await press(page, 'button', 'Back', { key: 'Shift+Tab' });

    // settings
    await press(page, 'button', 'Account and settings', { key: 'Shift+Tab' });
    await press(page, 'menuitem', 'Settings', { key: 'ArrowDown' });
    await page.getByRole('heading', { name: 'Settings' }).waitFor();
    const rows = page.locator('.side .row, [role=main] .row');
    await reach(page, rows.filter({ hasText: 'Profile' }));
    await reach(page, rows.filter({ hasText: 'Addresses, login name' }), 'ArrowDown');
    await page.keyboard.press('Enter');
    await main.getByRole('heading', { name: 'Account', level: 1 }).waitFor();
    assert.equal(await main.getAttribute('aria-label'), 'Settings');
    await reach(page, main.getByRole('textbox', { name: 'New password' }));
    await page.keyboard.type('x');
    await page.keyboard.press('Enter');
    await main.getByText('Too short: at least 6 characters.').waitFor();
    await until('the fault has the focus', () => focused(main.getByRole('textbox', { name: 'New password' })));
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type('another horse');
    await look(page, `keyboard-password-${size}`);
    await page.keyboard.press('Enter');
    await page.getByText('Your password is set.').waitFor();

    // a question is left by Escape, and the focus is where it was
    if (size === 'phone') await press(page, 'button', 'Back', { key: 'Shift+Tab' });
    else await reach(page, rows.filter({ hasText: 'Addresses, login name' }), 'Shift+Tab');
    if (size === 'phone') await reach(page, rows.filter({ hasText: 'Profile' }));
    await reach(page, rows.filter({ hasText: 'Your data' }), 'ArrowDown');
    await page.keyboard.press('Enter');
    await press(page, 'button', 'Delete account…');
    await page.getByRole('dialog').waitFor();
    await until('the field has the focus', () => focused(page.getByRole('dialog').getByRole('textbox', { name: 'to confirm' })));
    await page.keyboard.press('Escape');
    await until('the dialog is gone', async () => (await page.getByRole('dialog').count()) === 0);
    assert.ok(await focused(main.getByRole('button', { name: 'Delete account…' })));

    // the new password is the one
    await bert.page.goto('about:blank');
    await bert.context.clearCookies();
    await bert.page.goto(server.url);
    await bert.page.evaluate(() => localStorage.clear());
    await bert.page.reload();
    await logIn(bert.page, anna.login, 'another horse');
    await listShown(bert.page);
  });
}
