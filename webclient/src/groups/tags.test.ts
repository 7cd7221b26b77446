import { expect, it } from 'vitest';
import { aliasOf, badAlias, freeTags, readTags, sameTags, withTags } from './tags';

const tags = ['alias:ann', 'basic:ann', 'email:ann@example.com', 'chess', 'vienna'];

it('keeps what belongs to the server', () => {
  expect(aliasOf(tags)).toBe('ann');
  expect(freeTags(tags)).toEqual(['chess', 'vienna']);
  expect(withTags(tags, 'Anna1', ['chess'])).toEqual(['basic:ann', 'email:ann@example.com', 'alias:anna1', 'chess']);
  expect(withTags(tags, '', [])).toEqual(['basic:ann', 'email:ann@example.com']);
  expect(withTags(['chess'], '', [])).toEqual(['\u2421']);
});

it('reads what people type', () => {
  expect(readTags('#Chess, go;GO  x -no Zürich')).toEqual(['chess', 'go', 'zürich']);
});

it('nobody can take a tag of the server', () => {
  expect(withTags([], '', ['email:x@example.com', 'ok'])).toEqual(['ok']);
});

it('an alias is short, and of plain letters', () => {
  expect(['', 'anna', 'a-b_9'].map(badAlias)).toEqual([false, false, false]);
  expect(['ann', 'ännä', '_anna', 'x'.repeat(25), 'a b c d'].map(badAlias)).toEqual([true, true, true, true, true]);
});

it('compares without order', () => expect(sameTags(['a', 'b'], ['b', 'a'])).toBe(true));
