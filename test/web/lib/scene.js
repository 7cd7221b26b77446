import { test } from 'node:test';
import { arrive, enrol } from './people.js';
import { look } from './groups.js';
import { patience } from './patience.js';

// scene is a test whose people are known, so that their pages can be looked at if
// it fails: with PARLEY_LOOK, see look.
export function scene(name, act) {
  test(name, async () => {
    const people = [];
    const enter = async (server, name, size = 'desktop', more = {}) => {
      const one = await arrive(server, await enrol(server, name), { size, ...more });
      one.context.setDefaultTimeout(30_000 * patience); // several browsers at once, on a busy machine
      people.push(one);
      return one;
    };
    try {
      await act(enter);
    } catch (e) {
      for (const p of people) await look(p.page, `failed-${name.slice(0, 20).replace(/\W+/g, '-')}-${name.match(/\((\w+)\)/)?.[1] ?? ''}-${p.name}`).catch(() => {});
      throw e;
    }
    for (const p of people) await p.close();
  });
}
