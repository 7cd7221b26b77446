import { expect, test, vi } from 'vitest';
import { Problem } from '../model/problem';

vi.stubGlobal('addEventListener', () => {});
const { checkNew, refusalOfAddress, refusalOfLogin, refusalOfNew } = await import('./check');

const rules = { minLogin: 4, maxLogin: 32, minPassword: 6, required: ['email'] };
const good = { name: 'Anna', login: 'anna.b', password: 'secret-word', email: 'a@b.example', tel: '', invite: '' };

test.each([
  [{}, []],
  [{ name: ' ' }, ['name']],
  [{ login: 'ann' }, ['login']],
  [{ login: '_anna' }, ['login']],
  [{ login: 'анна' }, []],
  [{ login: 'x'.repeat(33) }, ['login']],
  [{ password: '12345' }, ['password']],
  [{ password: '💥💥💥💥💥💥' }, []],
  [{ email: 'nonsense' }, ['email']],
  [{ name: '', login: '', password: '', email: '' }, ['email', 'login', 'name', 'password']],
])('a form with %j', (change, want) => {
  expect(Object.keys(checkNew({ ...good, ...change }, rules)).sort()).toEqual(want);
});

test.each([
  [409, { what: 'auth' }, 'login'], [422, { what: 'auth' }, 'login'], [422, {}, 'password'], [422, { what: 'email' }, 'email'],
  [403, { what: 'registration' }, 'form'], [403, { what: 'invite' }, 'invite'], [400, { what: 'email' }, 'email'], [429, { retry: 3 }, 'form'], [503, {}, 'form'],
])('an answer %i %j is about %s', (code, params, field) => {
  expect(Object.keys(refusalOfNew(new Problem(code, 'no', params), 6))).toEqual([field]);
});

test('a login that is refused', () => {
  expect(refusalOfLogin(new Problem(401, 'authentication failed'))).toMatch(/wrong/);
  expect(refusalOfLogin(new Problem(429, 'too many requests', { retry: 5 }))).toMatch(/5 seconds/);
  expect(refusalOfLogin(new Problem(503, 'x'))).toMatch(/connection/);
});

test.each([
  [400, 'email', /not an e-mail/], [400, 'tel', /phone number/], [409, 'email', /has an account/], [422, 'email', /not accepted/], [429, 'email', /^$/], [503, 'tel', /^$/],
])('an address that is refused with %i (%s)', (code, method, want) => {
  expect(refusalOfAddress(new Problem(code, 'no'), method)).toMatch(want);
});
