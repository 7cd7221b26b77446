import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pair } from './people.js';

// What is done otherwise with a finger than with mouse and keys.

// press is a short touch, or a click.
export const press = (b, target) => (b.touch ? target.tap() : target.click());

// fingers touches the screen as fingers do: each step has where they all are, none lifts them.
export async function fingers(b, act) {
  const screen = await b.context.newCDPSession(b.page);
  let down = 0;
  const at = async (...touchPoints) => {
    const type = touchPoints.length === 0 ? 'touchEnd' : touchPoints.length > down ? 'touchStart' : 'touchMove';
    down = touchPoints.length;
    await screen.send('Input.dispatchTouchEvent', { type, touchPoints });
  };
  await act(at);
  await screen.detach();
}

// openMenu opens the menu of something: by the other button of the mouse, or by a
// finger that stays, and is lifted only when the menu is there.
export async function openMenu(b, target) {
  if (!b.touch) return target.click({ button: 'right' });
  await target.tap({ trial: true }); // it is in sight, and has stopped to move
  const { x, y, width, height } = await target.boundingBox();
  await fingers(b, async (at) => {
    await at({ x: x + width / 2, y: y + height / 2 });
    await b.page.getByRole('menu').waitFor();
    await at();
  });
}

// choose takes an action from the menu of a message.
export async function choose(b, message, action) {
  await openMenu(b, message.locator('.bubble'));
  await press(b, b.page.getByRole('menuitem', { name: action, exact: true }));
}

// leave closes what lies over the page: by Escape, or by the phone's Back.
export async function leave(b, target) {
  await target.waitFor();
  if (b.touch) await b.page.evaluate(() => history.back());
  else await b.page.keyboard.press('Escape');
  await target.waitFor({ state: 'detached' });
}

// flows makes tests of two who look at their conversation: Anna at a desk and once more on a
// phone, Bert at a desk. Both stay for the next flow, unless one failed.
export function flows(server) {
  const kept = new Map();
  return (name, act, sizes = ['desktop', 'phone']) => {
    for (const size of sizes) {
      test(`${name} (${size})`, async () => {
        const { anna, bert } = kept.get(size) ?? (await pair(server, { size }));
        kept.delete(size);
        await act(anna, bert);
        assert.deepEqual([...anna.faults, ...bert.faults], []);
        kept.set(size, { anna, bert });
      });
    }
  };
}
