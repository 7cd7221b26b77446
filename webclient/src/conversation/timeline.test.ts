import { describe, expect, it } from 'vitest';
import { cpuMillis } from '../testing';
import { Intervals } from './intervals';
import { type Data, type Row, Timeline } from './timeline';

const at = (minutes: number) => new Date(2026, 0, 5, 12, minutes);
const msg = (seq: number, from = 'usrA', more: Partial<Data> = {}): Data => ({ seq, from, ts: at(seq), content: `text ${seq}`, ...more });
const shape = (rows: Row[]) => rows.map((r) => (r.kind === 'message' ? `${r.message.seq || r.message.pending!.state}:${r.message.content}${r.message.edited ? '*' : ''}` : r.kind === 'more' ? `more ${r.at}` : r.kind));
const fresh = (seqs: number[]) => {
  const t = new Timeline('usrMe');
  t.put(seqs.map((s) => msg(s)));
  t.markKnown(Math.min(...seqs), Math.max(...seqs) + 1);
  return t;
};

describe('intervals', () => {
  it('joins what touches', () => {
    const i = new Intervals();
    i.add(5, 8);
    i.add(1, 3);
    i.add(3, 5);
    i.add(10, 11);
    expect(i.ranges).toEqual([{ low: 1, hi: 8 }, { low: 10, hi: 11 }]);
    expect([i.has(0), i.has(7), i.has(8), i.has(10)]).toEqual([false, true, false, true]);
    expect(i.before(10)).toEqual({ low: 1, hi: 8 });
    expect(i.after(2)).toEqual({ low: 10, hi: 11 });
  });
});

describe('timeline', () => {
  it('shows messages in order, with the day, and says that there is more', () => {
    const t = fresh([8, 7, 9]);
    expect(shape(t.rows(9))).toEqual(['more top', 'day', '7:text 7', '8:text 8', '9:text 9']);
    t.put([msg(6)]);
    t.markKnown(1, 7);
    expect(shape(t.rows(9))).toEqual(['day', '6:text 6', '7:text 7', '8:text 8', '9:text 9']);
  });
  it('shows one island at a time', () => {
    const t = fresh([100, 101]);
    t.put([msg(10), msg(11)]);
    t.markKnown(10, 12);
    expect(shape(t.rows(11))).toEqual(['more top', 'day', '10:text 10', '11:text 11', 'more bottom']);
    expect(t.atNewest(11)).toBe(false);
    t.markKnown(12, 100);
    expect(t.rows(11).length).toBe(6);
    expect(t.atNewest(11)).toBe(true);
  });
  it('keeps rows that did not change', () => {
    const t = fresh([1, 2, 3]);
    const before = t.rows(3);
    t.putLive(msg(4, 'usrB'));
    const after = t.rows(3);
    expect(after.length).toBe(5);
    before.forEach((row, i) => expect(after[i]).toBe(row));
    t.putLive(msg(5, 'usrB'));
    expect(t.rows(3)[4]).not.toBe(after[4]); // not the last of its group any more
  });
  it('shows the last version at the place of the first, and only of its author', () => {
    const t = fresh([1, 2]);
    t.putLive(msg(3, 'usrA', { head: { replace: ':1' }, content: 'better' }));
    t.putLive(msg(4, 'usrEve', { head: { replace: ':2' }, content: 'forged' }));
    t.putLive(msg(5, 'usrA', { head: { replace: ':1' }, content: 'best' }));
    t.putLive(msg(6, 'usrA', { head: { replace: ':9' }, content: 'of the future: one of its own' }));
    expect(shape(t.rows(6))).toEqual(['day', '1:best*', '2:text 2', '6:of the future: one of its own']);
    expect(t.withVersions(1)).toEqual([1, 3, 5]);
    t.remove([{ low: 5 }], false);
    expect(shape(t.rows(6))[1]).toBe('1:better*');
  });
  it('takes a version before its original', () => {
    const t = fresh([9]);
    t.put([msg(8, 'usrA', { head: { replace: ':2' }, content: 'new' })]);
    t.put([msg(2)]);
    t.markKnown(1, 9);
    expect(shape(t.rows(9))).toEqual(['day', '2:new*', '9:text 9']);
  });
  it('leaves a note where something was erased before our eyes', () => {
    const t = fresh([1, 2, 3, 4]);
    t.remove([{ low: 2, hi: 4 }], true);
    expect(shape(t.rows(4))).toEqual(['day', '1:text 1', 'deleted', '4:text 4']);
    t.remove([{ low: 1 }], false);
    expect(shape(t.rows(4))).toEqual(['deleted', 'day', '4:text 4']);
  });
  it('groups by sender, time and day', () => {
    const t = new Timeline('usrMe');
    t.put([msg(1), msg(2), msg(3, 'usrB'), msg(4, 'usrB'), msg(30, 'usrB')].map((d, i) => ({ ...d, seq: i + 1 })));
    t.markKnown(1, 6);
    expect(t.rows(5).flatMap((r) => (r.kind === 'message' ? [[r.first, r.last]] : []))).toEqual([[true, false], [false, true], [true, false], [false, true], [true, true]]);
  });
  it('draws the unread line once, above the first', () => {
    const t = fresh([1, 2, 3]);
    t.unreadFrom = 2;
    expect(shape(t.rows(3))).toEqual(['day', '1:text 1', 'unread', '2:text 2', '3:text 3']);
    expect(t.countAfter(1)).toBe(2);
  });
  it('replaces a pending message by what the server has, in the same row', () => {
    const t = fresh([1]);
    const pending = { uid: 'u1', ts: at(2), head: {}, content: 'hi', state: 'queued' as const };
    t.setPending(pending);
    const before = t.rows(1);
    expect(shape(before)).toEqual(['day', '1:text 1', 'queued:hi']);
    t.putLive(msg(2, 'usrMe', { head: { uid: 'u1' }, content: 'hi' }));
    const after = t.rows(1);
    expect(shape(after)).toEqual(['day', '1:text 1', '2:hi']);
    expect(after[2]!.key).toBe(before[2]!.key);
    t.putLive(msg(2, 'usrMe', { head: { uid: 'u1' }, content: 'hi' }));
    expect(t.rows(1).length).toBe(3);
  });
  it('shows an edit before the server has it, and takes it back if it is dropped', () => {
    const t = fresh([1]);
    t.setPending({ uid: 'e', ts: at(2), head: { replace: ':1' }, content: 'better', state: 'queued' });
    expect(shape(t.rows(1))).toEqual(['day', '1:better*']);
    t.dropPending('e');
    expect(shape(t.rows(1))).toEqual(['day', '1:text 1']);
  });
  it('believes nobody else about uid', () => {
    const t = fresh([1]);
    t.setPending({ uid: 'u1', ts: at(2), head: {}, content: 'hi', state: 'queued' });
    t.putLive(msg(2, 'usrEve', { head: { uid: 'u1' } }));
    expect(shape(t.rows(2))).toEqual(['day', '1:text 1', '2:text 2', 'queued:hi']);
  });
  it('makes the rows of 10,000 messages in no time', () => {
    const t = new Timeline('usrMe');
    t.put(Array.from({ length: 10_000 }, (_, i) => msg(10_000 - i)));
    t.markKnown(1, 10_001);
    t.rows(10_000);
    const times = Array.from({ length: 7 }, (_, i) => {
      const start = cpuMillis();
      t.putLive(msg(10_001 + i));
      expect(t.rows(10_001).length).toBeGreaterThan(10_000);
      return cpuMillis() - start;
    });
    expect(Math.min(...times)).toBeLessThan(100); // the best: the first ones are not compiled yet
  });
});
