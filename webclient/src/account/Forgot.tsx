import { useRef, useState } from 'preact/hooks';
import { replace } from '../app/router';
import { t } from '../i18n';
import { codeOf, explain } from '../model/problem';
import type { ServerInfo } from '../model/server';
import { askForCode, newPassword, notice } from '../model/session';
import { Banner, Button, PasswordField, TextField } from '../ui';
import { Elsewhere } from './Account';
import { focusFault } from './focus';

// Forgot replaces a forgotten password: an address, then the code that was sent
// to it and the new password.
export function Forgot({ info }: { info: ServerInfo }) {
  const form = useRef<HTMLFormElement>(null);
  const [address, setAddress] = useState('');
  const [sent, setSent] = useState(false);
  const [code, setCode] = useState('');
  const [password, setPassword] = useState('');
  const [faults, setFaults] = useState<{ address?: string; code?: string; password?: string; form?: string }>({});
  const [busy, setBusy] = useState(false);
  const method = info.reset.includes('tel') && (!info.reset.includes('email') || !address.includes('@')) ? 'tel' : 'email';

  const attempt = async (act: () => Promise<void>, refused: (code: number) => typeof faults | undefined) => {
    setFaults({});
    setBusy(true);
    try {
      await act();
    } catch (err) {
      setFaults(refused(codeOf(err)) ?? { form: explain(err) });
      focusFault(form);
    } finally {
      setBusy(false);
    }
  };
  const send = (e: Event) => {
    e.preventDefault();
    if (!address.trim()) {
      setFaults({ address: t(method === 'email' ? 'account.needEmail' : 'account.needTel') });
      return focusFault(form);
    }
    void attempt(
      async () => {
        await askForCode(method, address.trim());
        setSent(true);
      },
      (c) => (c === 400 ? { address: t('account.badEmail') } : undefined),
    );
  };
  const set = (e: Event) => {
    e.preventDefault();
    const found: typeof faults = {};
    if (!code.trim()) found.code = t('second.needCode');
    if ([...password].length < info.minPassword) found.password = t('account.shortPassword', { n: info.minPassword });
    setFaults(found);
    if (Object.keys(found).length > 0) return focusFault(form);
    void attempt(
      async () => {
        await newPassword(method, address.trim(), code.trim(), password);
        replace('login');
        notice.value = 'password';
      },
      (c) => (c === 401 || c === 400 || c === 404 ? { code: t('forgot.wrong') } : c === 422 ? { password: t('account.shortPassword', { n: info.minPassword }) } : undefined),
    );
  };
  return (
    <>
      <h1>{t('forgot.title')}</h1>
      {faults.form && <Banner>{faults.form}</Banner>}
      {sent ? (
        <>
          <Banner info>{t('forgot.sent', { address: address.trim() })}</Banner>
          <form ref={form} class="account-form" noValidate onSubmit={set}>
            <TextField key="code" label={t('second.code')} value={code} onValue={setCode} error={faults.code} name="code" autocomplete="one-time-code" inputMode="numeric" autofocus />
            <PasswordField label={t('account.newPassword')} hint={t('account.passwordHint', { n: info.minPassword })} value={password} onValue={setPassword} error={faults.password} name="password" autocomplete="new-password" />
            <Button kind="primary" type="submit" wide busy={busy}>
              {t('forgot.set')}
            </Button>
          </form>
          <Button kind="plain" wide onClick={() => setSent(false)}>
            {t('forgot.again')}
          </Button>
        </>
      ) : (
        <>
          <p>{t('forgot.text')}</p>
          <form ref={form} class="account-form" noValidate onSubmit={send}>
            <TextField key="address" label={t(info.reset.includes('email') ? 'account.email' : 'account.tel')} value={address} onValue={setAddress} error={faults.address} name="address" autocomplete="email" inputMode="email" autocapitalize="off" spellcheck={false} autofocus />
            <Button kind="primary" type="submit" wide busy={busy}>
              {t('forgot.send')}
            </Button>
          </form>
        </>
      )}
      <p class="account-note">
        <Elsewhere to="login">{t('common.back')}</Elsewhere>
      </p>
    </>
  );
}
