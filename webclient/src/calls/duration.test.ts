import { expect, test, vi } from 'vitest';

vi.stubGlobal('addEventListener', () => {});
const { clockOf, previewText } = await import('../model/preview');
const { reasonOf } = await import('./media');

test.each([
  [0, '0:00'], [999, '0:00'], [65_000, '1:05'], [3_600_000, '1:00:00'], [3_725_999, '1:02:05'], [-5, '0:00'],
])('%d ms are %s', (ms, want) => expect(clockOf(ms)).toBe(want));

test.each([
  ['started', undefined, 'Call'], ['finished', 125_000, 'Call, 2:05'], ['finished', undefined, 'Call'], ['missed', undefined, 'Missed call'],
  ['declined', undefined, 'Declined call'], ['disconnected', undefined, 'Call broken off'], ['nonsense', undefined, 'Call'],
])('a call that is %s in the list', (webrtc, ms, want) => {
  const content = { txt: ' ', fmt: [{ at: 0, len: 1, key: 0 }], ent: [{ tp: 'VC' }] };
  expect(previewText({ content, head: { webrtc, 'webrtc-duration': ms } })).toBe(want);
});

test('who called himself has missed nothing', () => {
  expect(previewText({ content: ' ', head: { webrtc: 'missed' } }, true)).toBe('No answer');
  expect(previewText({ content: ' ', head: { webrtc: 'declined' } }, true)).toBe('Declined call');
});

test('why there is no microphone', () => {
  const named = (name: string) => Object.assign(new Error('x'), { name });
  expect(reasonOf(named('NotAllowedError'))).toBe('calls.micRefused');
  expect(reasonOf(named('NotFoundError'))).toBe('calls.micAbsent');
  expect(reasonOf(named('NotReadableError'))).toBe('calls.micBusy');
  expect(reasonOf('x')).toBe('calls.micBusy');
});
