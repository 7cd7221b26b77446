import { after, before, test } from 'node:test';
import { axe } from '../lib/axe.js';
import { endBrowsers } from '../lib/browser.js';
import { active, button, call, over, webrtc } from '../lib/calls.js';
import { pair, toList, write } from '../lib/people.js';
import { photo } from '../lib/photo.js';
import { picture } from '../lib/picture.js';
import { Server } from '../lib/server.js';
import { until } from '../lib/until.js';

// What conversations and calls look like, and what lies above them; and axe on it.

const server = new Server({ webrtc });
before(() => server.start());
after(async () => {
  await endBrowsers();
  await server.close();
});

const message = (b, text) => b.page.locator('article.message', { hasText: text });
const attach = (b, ...files) => b.page.locator('input[type=file]').setInputFiles(files);

for (const [size, colorScheme] of [['desktop', 'light'], ['desktop', 'dark'], ['phone', 'light'], ['phone', 'dark'], ['narrow', 'light']]) {
  const whole = !['desktop dark', 'phone light'].includes(`${size} ${colorScheme}`); // else the conversation alone
  test(`${size}, ${colorScheme}`, async () => {
    const { anna, bert } = await pair(server, { size, colorScheme }, { colorScheme });
    const { page } = anna;
    const main = page.locator('main');
    const dialog = page.getByRole('dialog');
    // Photos make the pictures ten times as large, and are looked at by tests/files.test.js.
    const shot = async (name) => {
      await axe(page);
      await until('it has stopped to move', () => page.evaluate(() => document.getAnimations().every((a) => a.playState !== 'running')));
      await picture(page, `${size}-${colorScheme}-${name}`, { mask: ['[role=timer]', '.picture img', '.viewer img', '.composer-files img'] });
    };
    const menu = (text) => message(anna, text).locator('.bubble').click({ button: 'right' });
    const choose = async (text, action) => {
      await menu(text);
      await page.getByRole('menuitem', { name: action, exact: true }).click();
    };

    anna.allow = bert.allow = ['/v0/urlpreview']; // no such page
    await write(bert.page, 'Morning! Did *you* see the _forecast_? `rain 0 %`');
    await message(anna, 'forecast').waitFor();
    await write(page, 'I did. Shall we take the train at noon? https://example.invalid/timetable');
    await message(bert, 'timetable').waitFor();
    await write(bert.page, '> Shall we take the train at noon?\nYes, from platform 4.\n```\n12:04  IC 571\n12:34  RE 17\n```\n#seaside');
    await attach(bert, photo(900, 500));
    await bert.page.locator('.composer-files img').waitFor();
    await write(bert.page, 'where we were last year');
    await message(bert, 'where we were').locator('.mark[title="Read"]').waitFor(); // what has no upload may come first
    await attach(bert, { name: 'Tickets.pdf', mimeType: 'application/pdf', buffer: Buffer.alloc(130_000, 1) });
    await bert.page.locator('.composer-files').getByText('Tickets.pdf').waitFor();
    await bert.page.locator('main').getByRole('button', { name: 'Send', exact: true }).click();
    await message(anna, 'Tickets.pdf').waitFor();
    await message(anna, 'where we were').locator('img.is-there').waitFor();
    await choose('Tickets.pdf', 'Reply');
    await main.getByRole('textbox', { name: 'Message' }).fill('Thank you, *see you there*');
    await shot('conversation');

    if (whole) {
      await main.getByRole('button', { name: 'Send', exact: true }).click();
      await message(anna, 'Thank you').locator('.mark[title="Read"]').waitFor();
      await menu('Thank you');
      await page.getByRole('menuitem', { name: 'Edit' }).waitFor();
      await shot('message-menu');
      await page.keyboard.press('Escape');
      await choose('Thank you', 'Delete');
      await dialog.getByRole('button', { name: 'Delete for everybody' }).waitFor();
      await shot('message-delete');
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      await choose('Thank you', 'Forward');
      await dialog.getByRole('button', { name: 'Bert' }).waitFor();
      await shot('forward');
      await page.keyboard.press('Escape');
      await choose('Thank you', 'Select');
      await page.getByText('1 selected').waitFor();
      await shot('selected');
      await page.keyboard.press('Escape');
      await page.getByText('1 selected').waitFor({ state: 'detached' });
      await choose('Thank you', 'Pin');
      await page.locator('.pinned').waitFor();
      await page.getByRole('button', { name: 'Emoji', exact: true }).click();
      await page.locator('.emoji-grid button').first().waitFor();
      await shot('emoji');
      await page.keyboard.press('Escape');
      await attach(anna, photo(300, 200));
      await page.locator('.composer-files img').waitFor();
      await shot('attached');
      await page.locator('.composer-files').getByRole('button').first().click();
      await message(anna, 'where we were').locator('.picture').click();
      await page.locator('dialog.viewer img').waitFor();
      await shot('viewer');
      await page.keyboard.press('Escape');
      await main.getByRole('button', { name: 'Record a voice message' }).click();
      await page.locator('.recorder').waitFor();
      await axe(page);
      await page.locator('.recorder').getByRole('button').first().click();

      await bert.page.locator('main').getByRole('button', { name: 'Call', exact: true }).click();
      await call(page).getByText('Incoming call').waitFor();
      await shot('call-incoming');
      await button(page, 'Answer').click();
      await Promise.all([active(page), active(bert.page)]);
      await shot('call');
      await button(page, 'Back to the chats').click();
      await toList(page);
      await shot('call-small');
      await button(bert.page, 'Hang up').click();
      await Promise.all([over(page), over(bert.page)]);
    }
    await anna.close();
    await bert.close();
  });
}
