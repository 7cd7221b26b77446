import { describe, expect, it } from 'vitest';
import { find, groupNames, listOf } from './find';

describe('emoji', () => {
  it('has all groups, each emoji with a name and one cluster', () => {
    let n = 0;
    for (const group of groupNames) {
      for (const { text, name } of listOf(group)) {
        n++;
        expect(name).toMatch(/^\S/);
        expect(text).toMatch(/\p{Emoji}/u);
      }
    }
    expect(n).toBeGreaterThan(1800);
  });
  it.each([
    ['thumbs up', '👍️'],
    ['grin', '😀'],
    ['germany', '🇩🇪'],
    ['pizza', '🍕'],
    ['joy', '😂'],
  ])('finds %j', (query, text) => expect(find(query).map((e) => e.text)).toContain(text));
  it('finds nothing for nonsense', () => expect(find('xyzzy plugh')).toEqual([]));
});
