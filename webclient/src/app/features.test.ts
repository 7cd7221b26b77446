import { expect, test, vi } from 'vitest';

vi.stubGlobal('location', { hash: '' });
vi.stubGlobal('history', { state: null });
vi.stubGlobal('addEventListener', () => {});
vi.mock('../contacts/feature', () => ({ feature: {} }));
vi.mock('../conversation/feature', () => ({ feature: {} }));
vi.mock('../calls/feature', () => ({ feature: {} }));
vi.mock('../groups/feature', () => ({ feature: {} }));
vi.mock('../pwa/feature', () => ({ feature: {} }));
vi.mock('../settings/feature', () => ({ feature: {} }));
vi.mock('../wechat/feature', () => ({ feature: {} }));
const { columnsOf, matchPlace } = await import('./features');

test('paths and their params', () => {
  expect(matchPlace('c/:topic', ['c', 'usrA'], true)).toEqual({ topic: 'usrA' });
  expect(matchPlace('c/:topic', ['c', 'usrA', 'info'], true)).toBeUndefined();
  expect(matchPlace('c/:topic', ['c', 'usrA', 'info'], false)).toEqual({ topic: 'usrA' });
  expect(matchPlace('c/:topic', ['c'], false)).toBeUndefined();
  expect(matchPlace('', ['c'], false)).toEqual({});
});

test('the columns of a path', () => {
  const load = () => Promise.reject(new Error('not here'));
  const place = (path: string, column: 'side' | 'main' | 'panel') => ({ path, column, load });
  const all = [place('', 'side'), place('new', 'side'), place('new/group', 'side'), place('c/:topic', 'main'), place('c/:topic/info', 'panel'), place('c/:topic/:what', 'panel')];
  const shown = (...path: string[]) => Object.fromEntries(Object.entries(columnsOf(path, all)).map(([c, m]) => [c, m.place.path]));
  expect(shown()).toEqual({ side: '' });
  expect(shown('c', 'usrA')).toEqual({ side: '', main: 'c/:topic' });
  expect(shown('c', 'usrA', 'info')).toEqual({ side: '', main: 'c/:topic', panel: 'c/:topic/info' });
  expect(shown('c', 'usrA', 'files').panel).toBe('c/:topic/:what');
  expect(shown('new', 'group')).toEqual({ side: 'new/group' });
  expect(shown('nosuch')).toEqual({ side: '' });
});
