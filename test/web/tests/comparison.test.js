import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, endBrowsers } from '../lib/browser.js';
import { person, row, startChat, write } from '../lib/people.js';
import { difference, shoot } from '../lib/picture.js';
import { Server } from '../lib/server.js';

// Whether pictures are compared so that people could rely on it: what is drawn a
// little differently passes, what is missing does not.

const server = new Server();
let anna, bert;
before(async () => {
  await server.start();
  anna = await person(server, 'Anna Berg');
  bert = await person(server, 'Bert Adams', 'phone');
  await startChat(anna.page, bert.login, 'Bert Adams');
  await write(anna.page, 'Shall we meet at the station at noon?');
  await row(bert.page, 'Anna').getByText('Shall we').waitFor();
});
after(async () => {
  await endBrowsers();
  await server.close();
});

// seen is the difference that a style makes.
async function seen(page, css) {
  const before = await shoot(page);
  const style = await page.evaluateHandle((text) => {
    const sheet = new CSSStyleSheet(); // a <style> would be against the policy
    sheet.replaceSync(text);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    return sheet;
  }, css);
  const after = await shoot(page);
  await page.evaluate((sheet) => (document.adoptedStyleSheets = document.adoptedStyleSheets.filter((s) => s !== sheet)), style);
  return difference(before, after);
}

const harmless = {
  'softer edges': '* { filter: none } body { filter: blur(0.35px) }',
  'letters drawn by other rules': '* { text-rendering: geometricPrecision !important; font-kerning: none !important }',
  'letters a trifle wider': '* { letter-spacing: 0.01px !important }',
  'half a pixel to the right': '#app { transform: translateX(0.5px) }',
  'a pixel down': '#app { transform: translateY(1px) }',
  'colours by another profile': 'body { filter: brightness(0.985) }',
};

for (const who of ['desk', 'phone']) {
  test(`${who}: small differences in drawing pass`, async (t) => {
    const { page } = who === 'desk' ? anna : bert;
    for (const [name, css] of Object.entries(harmless)) {
      const d = await seen(page, css);
      t.diagnostic(`${name}: ${(d.share * 100).toFixed(2)} %, ${d.strange} pixels`);
      assert.equal(d.text, '', name);
    }
  });

  test(`${who}: a button that is missing does not`, async (t) => {
    const { page } = who === 'desk' ? anna : bert;
    const buttons = page.getByRole('button');
    let looked = 0;
    for (let i = 0; i < (await buttons.count()); i++) {
      const button = buttons.nth(i);
      const box = await button.boundingBox();
      if (!box || !(await button.isVisible()) || (await button.evaluate((e) => getComputedStyle(e).opacity)) === '0') continue;
      await button.evaluate((e) => e.classList.add('gone-for-the-test'));
      const d = await seen(page, '.gone-for-the-test, .gone-for-the-test * { visibility: hidden !important }');
      await button.evaluate((e) => e.classList.remove('gone-for-the-test'));
      const name = (await button.getAttribute('aria-label')) ?? (await button.textContent());
      t.diagnostic(`${name}: ${(d.share * 100).toFixed(2)} %, ${d.strange} pixels`);
      assert.notEqual(d.text, '', name);
      looked++;
    }
    assert.ok(looked >= 2, `only ${looked} buttons`);
  });
}

test('a word that is missing, and a badge', async () => {
  const { page } = bert;
  assert.notEqual((await seen(page, '.side .row .badge, .side .row [class*="unread"], .side .row [class*="count"] { visibility: hidden !important }')).text, '');
  assert.notEqual((await seen(anna.page, 'main h1, main h2 { visibility: hidden !important }')).text, '');
});
