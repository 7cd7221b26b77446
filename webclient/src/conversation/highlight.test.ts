import { describe, expect, it } from 'vitest';
import { highlight } from './highlight';

const people = new Map([['Anna', 'usrAnna']]);
const show = (text: string) => highlight(text, people).map((p) => (p.style ? `<${p.style}>${p.text}` : p.text));

describe('highlight', () => {
  it.each([
    ['plain', ['plain']],
    ['a *b* c', ['a ', '<hl-mark>*', '<hl-bold>b', '<hl-mark>*', ' c']],
    ['@Anna hi', ['<hl-link>@', '<hl-link>Anna', ' hi']],
    ['_*x*_', ['<hl-mark>_*', '<hl-italic hl-bold>x', '<hl-mark>*_']],
  ])('%j', (text, want) => expect(show(text)).toEqual(want));
  it.each(['a *b* c', '> q\n*x*', '```\na\n*b*\n```\nend', '\\*a\\*', '[x](https://a.example)', '*', '**a', 'a\n\n\nb *c*', '👩‍👩‍👧‍👦 *x*', '`*a*` *`b`*'])('is the whole text: %j', (text) => {
    expect(highlight(text, people).map((p) => p.text).join('')).toBe(text);
  });
});
