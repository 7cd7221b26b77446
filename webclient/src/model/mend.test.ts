import { expect, it } from 'vitest';
import { markRemoved } from './mend';

it('marks what is gone, however deep, and leaves the rest', () => {
  const next = { fn: 'Ann', photo: { ref: '/v0/file/s/a.jpg' } };
  markRemoved({ fn: 'Anna', note: 'old', photo: { data: 'abc', ref: 'x' } }, next);
  expect(next).toEqual({ fn: 'Ann', note: '\u2421', photo: { ref: '/v0/file/s/a.jpg', data: '\u2421' } });
});

it('takes anything', () => {
  for (const old of [null, undefined, 'text', [1], 3]) {
    const next = { fn: 'Ann' };
    markRemoved(old, next);
    expect(next).toEqual({ fn: 'Ann' });
  }
  expect(() => markRemoved({ a: 1 }, 'text')).not.toThrow();
});
