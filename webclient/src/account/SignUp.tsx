import { useRef, useState } from 'preact/hooks';
import type { Credential } from 'tinode-sdk';
import { t } from '../i18n';
import type { ServerInfo } from '../model/server';
import { signUp } from '../model/session';
import { Banner, Button, PasswordField, TextField } from '../ui';
import { Elsewhere, orLine } from './Account';
import { checkNew, refusalOfNew, type Faults, type Form } from './check';
import { focusFault } from './focus';
import { ProviderButtons } from './ProviderButtons';

export function SignUp({ info }: { info: ServerInfo }) {
  const ref = useRef<HTMLFormElement>(null);
  const [form, setForm] = useState<Form>({ name: '', login: '', password: '', email: '', tel: '', invite: '' });
  const [faults, setFaults] = useState<Faults>({});
  const [busy, setBusy] = useState(false);
  const field = (name: keyof Form) => ({
    value: form[name],
    onValue: (value: string) => setForm((f) => ({ ...f, [name]: value })),
    error: faults[name],
  });
  const submit = async (e: Event) => {
    e.preventDefault();
    const found = checkNew(form, info);
    setFaults(found);
    if (Object.keys(found).length > 0) return focusFault(ref);
    setBusy(true);
    const cred: Credential[] = [];
    if (info.required.includes('email')) cred.push({ meth: 'email', val: form.email.trim() });
    if (info.required.includes('tel')) cred.push({ meth: 'tel', val: form.tel.trim() });
    try {
      await signUp({ login: form.login.trim(), password: form.password, name: form.name.trim(), cred, invite: form.invite.trim() });
    } catch (err) {
      setFaults(refusalOfNew(err, info.minPassword));
      setBusy(false);
      focusFault(ref);
    }
  };
  return (
    <>
      <h1>{t('account.signUp')}</h1>
      {faults.form && <Banner>{faults.form}</Banner>}
      {info.providers.length > 0 && (
        <>
          <ProviderButtons list={info.providers} />
          {orLine()}
        </>
      )}
      <form ref={ref} class="account-form" noValidate onSubmit={(e) => void submit(e)}>
        <TextField label={t('account.name')} hint={t('account.nameHint')} {...field('name')} name="name" autocomplete="name" maxLength={60} autofocus />
        <TextField label={t('account.login')} hint={t('account.loginHint', { n: info.minLogin })} {...field('login')} name="username" autocomplete="username" autocapitalize="off" spellcheck={false} />
        <PasswordField label={t('account.password')} hint={t('account.passwordHint', { n: info.minPassword })} {...field('password')} name="password" autocomplete="new-password" />
        {info.required.includes('email') && <TextField label={t('account.email')} {...field('email')} type="email" name="email" autocomplete="email" inputMode="email" />}
        {info.required.includes('tel') && <TextField label={t('account.tel')} {...field('tel')} type="tel" name="tel" autocomplete="tel" />}
        {info.registration === 'invite' && <TextField label={t('account.invite')} hint={t('account.inviteHint')} {...field('invite')} name="invite" autocomplete="off" autocapitalize="off" spellcheck={false} />}
        <Button kind="primary" type="submit" wide busy={busy}>
          {t('account.signUp')}
        </Button>
      </form>
      <p class="account-note">
        <Elsewhere to="login">{t('account.haveAccount')}</Elsewhere>
      </p>
    </>
  );
}
