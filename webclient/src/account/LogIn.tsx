import { useRef, useState } from 'preact/hooks';
import { t } from '../i18n';
import type { ServerInfo } from '../model/server';
import { logIn, notice } from '../model/session';
import { Banner, Button, PasswordField, TextField } from '../ui';
import { Elsewhere, orLine } from './Account';
import { refusalOfLogin } from './check';
import { focusFault } from './focus';
import { ProviderButtons } from './ProviderButtons';

const notices = { ended: 'account.ended', password: 'forgot.done', provider: 'account.providerFailed' } as const;

export function LogIn({ info }: { info: ServerInfo }) {
  const form = useRef<HTMLFormElement>(null);
  const [login, setLogin] = useState('');
  const [password, setPassword] = useState('');
  const [faults, setFaults] = useState<{ login?: string; password?: string; form?: string }>({});
  const [busy, setBusy] = useState(false);
  const submit = async (e: Event) => {
    e.preventDefault();
    const found: typeof faults = {};
    if (!login.trim()) found.login = t('account.needLogin');
    if (!password) found.password = t('account.needPassword');
    setFaults(found);
    if (Object.keys(found).length > 0) return focusFault(form);
    setBusy(true);
    try {
      await logIn(login.trim(), password);
    } catch (err) {
      setFaults({ form: refusalOfLogin(err) });
      setBusy(false);
    }
  };
  const said = notice.value;
  return (
    <>
      <h1>{t('account.logInTo', { product: info.product })}</h1>
      {said && <Banner info={said === 'password'}>{t(notices[said])}</Banner>}
      {faults.form && <Banner>{faults.form}</Banner>}
      <form ref={form} class="account-form" noValidate onSubmit={(e) => void submit(e)}>
        <TextField label={t('account.login')} value={login} onValue={setLogin} error={faults.login} name="username" autocomplete="username" autocapitalize="off" spellcheck={false} autofocus />
        <PasswordField label={t('account.password')} value={password} onValue={setPassword} error={faults.password} name="password" autocomplete="current-password" />
        <Button kind="primary" type="submit" wide busy={busy}>
          {t('account.logIn')}
        </Button>
      </form>
      {info.reset.length > 0 && <Elsewhere to="forgot">{t('account.forgot')}</Elsewhere>}
      {info.providers.length > 0 && (
        <>
          {orLine()}
          <ProviderButtons list={info.providers} />
        </>
      )}
      {info.registration === 'closed' ? (
        <p class="account-note">{t('account.closed')}</p>
      ) : (
        <p class="account-note">
          {t('account.noAccount')} <Elsewhere to="signup">{t('account.signUp')}</Elsewhere>
        </p>
      )}
    </>
  );
}
