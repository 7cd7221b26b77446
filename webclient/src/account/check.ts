import { t } from '../i18n';
import { codeOf, explain, Problem } from '../model/problem';
import type { ServerInfo } from '../model/server';

// What can be said of a form before the server is asked, and what its answers
// mean, field by field.

export interface Form {
  name: string;
  login: string;
  password: string;
  email: string;
  tel: string;
  invite: string;
}
export type Faults = { [field in keyof Form | 'form']?: string };

const chars = (s: string) => [...s].length;

export function checkNew(f: Form, s: Pick<ServerInfo, 'minLogin' | 'maxLogin' | 'minPassword' | 'required'>): Faults {
  const faults: Faults = {};
  if (!f.name.trim()) faults.name = t('account.needName');
  const login = f.login.trim();
  if (!login) faults.login = t('account.needLogin');
  else if (!/^[\p{L}\p{N}]([\p{L}\p{N}_.]*[\p{L}\p{N}])?$/u.test(login)) faults.login = t('account.badLogin');
  else if (chars(login) < s.minLogin) faults.login = t('account.shortLogin', { n: s.minLogin });
  else if (chars(login) > s.maxLogin) faults.login = t('account.longLogin', { n: s.maxLogin });
  if (!f.password) faults.password = t('account.needPassword');
  else if (chars(f.password) < s.minPassword) faults.password = t('account.shortPassword', { n: s.minPassword });
  if (s.required.includes('email')) {
    if (!f.email.trim()) faults.email = t('account.needEmail');
    else if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(f.email.trim())) faults.email = t('account.badEmail');
  }
  if (s.required.includes('tel') && !f.tel.trim()) faults.tel = t('account.needTel');
  return faults;
}

// refusalOfNew is what the answer to a new account says: docs/protocol/accounts.md.
export function refusalOfNew(e: unknown, minPassword: number): Faults {
  if (!(e instanceof Problem)) return { form: explain(e) };
  const what = e.params.what;
  switch (`${e.code} ${what ?? ''}`) {
    case '409 auth':
      return { login: t('account.loginTaken') };
    case '400 auth':
    case '422 auth':
      return { login: t('account.badLogin') };
    case '403 registration':
      return { form: t('account.closed') };
    case '403 invite':
      return { invite: t('account.badInvite') };
    case '400 email':
      return { email: t('account.badEmail') };
    case '403 email':
    case '422 email':
      return { email: t('account.addressRefused') };
    case '400 tel':
    case '422 tel':
      return { tel: t('account.needTel') };
    case '409 ':
      return { form: t('account.loginTaken') };
    case '422 ':
      return e.params.creds ? { form: t('account.needEmail') } : { password: t('account.shortPassword', { n: minPassword }) };
  }
  if (e.code === 409) return what === 'tel' ? { tel: t('account.addressTaken') } : { email: t('account.addressTaken') };
  return { form: explain(e) };
}

// refusalOfAddress is what the server has against an address that is to be
// confirmed; '' if the reason is another.
export function refusalOfAddress(e: unknown, method: string): string {
  const code = codeOf(e);
  if (code === 400) return t(method === 'tel' ? 'account.needTel' : 'account.badEmail');
  if (code === 409) return t('account.addressTaken');
  if (code === 422) return t('account.addressRefused');
  return '';
}

// refusalOfLogin is what the answer to a login means.
export function refusalOfLogin(e: unknown): string {
  if (e instanceof Problem) {
    if (e.code === 401 || e.code === 400 || e.code === 404) return t('account.wrong');
    if (e.code === 403) return t('account.suspended');
  }
  return explain(e);
}
