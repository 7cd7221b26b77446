import { useRef, useState } from 'preact/hooks';
import type { Credential } from 'tinode-sdk';
import { focusFault } from '../account/focus';
import { act, refusal } from '../groups/actions';
import { t } from '../i18n';
import { codeOf, Problem } from '../model/problem';
import { server } from '../model/server';
import { ask, sdk } from '../model/session';
import { Banner, Button, confirm, IconCheck, IconPlus, IconTrash, IconButton, PasswordField, TextField, toast } from '../ui';
import { reloadCredentials } from './credentials';
import { loginOf, useMe } from './me';
import { Card } from './parts';

type Method = 'email' | 'tel';
const methods: Method[] = ['email', 'tel'];

// Account is what one logs in with, and the addresses that belong to it.
export function Account() {
  return (
    <>
      <Addresses />
      <Password />
    </>
  );
}

// Addresses: docs/protocol/accounts.md#credentials.
function Addresses() {
  const topic = useMe();
  const [adding, setAdding] = useState<Method | ''>('');
  const creds = topic.getCredentials().filter((c): c is Credential & { meth: Method } => methods.includes(c.meth as Method));
  const info = server.value;
  const usable = methods.filter((m) => info?.required.includes(m) || info?.reset.includes(m) || creds.some((c) => c.meth === m));
  const remove = async (c: Credential) => {
    const sure = await confirm({ title: t('settings.removeAddressSure', { address: c.val ?? '' }), text: t('settings.removeAddressText'), yes: t('common.remove'), danger: true });
    if (sure && (await act(() => topic.delCredential(c.meth, c.val ?? ''), { 422: 'settings.needsAddress' }))) await act(reloadCredentials);
  };
  return (
    <Card title={t('settings.addresses')} text={t('settings.addressesText')}>
      {usable.length === 0 && <p class="card-text">{t('settings.noMethods')}</p>}
      {usable.length > 0 && creds.length === 0 && <p class="card-text">{t('settings.noAddresses')}</p>}
      {creds.length > 0 && <ul class="devices">
        {creds.map((c) => (
          <li key={`${c.meth}:${c.val}`} class="address">
            <div class="device">
              <span class="device-text">
                <b>{c.val}</b>
                <span>
                  {c.done && <IconCheck size={16} />} {t(c.done ? 'settings.confirmed' : 'settings.unconfirmed')}
                </span>
              </span>
              <IconButton label={t('settings.removeAddress', { address: c.val ?? '' })} onClick={() => void remove(c)}>
                <IconTrash size={20} />
              </IconButton>
            </div>
            {!c.done && <Confirm cred={c} />}
          </li>
        ))}
      </ul>}
      {adding ? (
        <Add key={adding} method={adding} onDone={() => setAdding('')} />
      ) : usable.length > 0 && (
        <div class="card-buttons">
          {usable.map((m) => (
            <Button key={m} onClick={() => setAdding(m)}>
              <IconPlus size={20} />
              {t(m === 'email' ? 'settings.addEmail' : 'settings.addTel')}
            </Button>
          ))}
        </div>
      )}
    </Card>
  );
}

function Add({ method, onDone }: { method: Method; onDone: () => void }) {
  const form = useRef<HTMLFormElement>(null);
  const [value, setValue] = useState('');
  const [fault, setFault] = useState('');
  const [busy, setBusy] = useState(false);
  const submit = async (e: Event) => {
    e.preventDefault();
    const val = value.trim();
    const wrong = method === 'email' ? (/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(val) ? '' : t('account.badEmail')) : val ? '' : t('account.needTel');
    setFault(wrong);
    if (wrong) return focusFault(form);
    setBusy(true);
    try {
      await ask(() => sdk().setMeta('me', { cred: { meth: method, val } }));
      await reloadCredentials();
      toast(t('settings.sent', { address: val }));
      onDone();
    } catch (err) {
      setFault(refusal(err, { 400: method === 'email' ? 'account.badEmail' : 'account.needTel', 409: 'account.addressTaken', 422: 'account.addressRefused' }));
      setBusy(false);
      focusFault(form);
    }
  };
  return (
    <form ref={form} class="card-row" noValidate onSubmit={(e) => void submit(e)}>
      <TextField
        label={t(method === 'email' ? 'account.email' : 'account.tel')}
        type={method}
        value={value}
        onValue={setValue}
        error={fault}
        autocomplete={method}
        autofocus
      />
      <div class="card-buttons">
        <Button kind="primary" type="submit" busy={busy}>
          {t('settings.add')}
        </Button>
        <Button kind="plain" onClick={onDone}>
          {t('common.cancel')}
        </Button>
      </div>
    </form>
  );
}

function Confirm({ cred }: { cred: Credential }) {
  const form = useRef<HTMLFormElement>(null);
  const [code, setCode] = useState('');
  const [fault, setFault] = useState('');
  const [busy, setBusy] = useState(false);
  const submit = async (e: Event) => {
    e.preventDefault();
    if (!code.trim()) {
      setFault(t('second.needCode'));
      return focusFault(form);
    }
    setBusy(true);
    try {
      await ask(() => sdk().setMeta('me', { cred: { meth: cred.meth, resp: code.trim() } }));
      await reloadCredentials();
    } catch (err) {
      setFault(refusal(err, { 404: 'settings.nothingWaits', 406: 'settings.wrongCode', 422: 'settings.tooManyCodes' }));
      setBusy(false);
      focusFault(form);
    }
  };
  const again = () => void act(() => sdk().setMeta('me', { cred: { meth: cred.meth, val: cred.val ?? '' } })).then((done) => done && toast(t('settings.sent', { address: cred.val ?? '' })));
  return (
    <form ref={form} class="card-row" noValidate onSubmit={(e) => void submit(e)}>
      <TextField label={t('settings.enterCode', { address: cred.val ?? '' })} value={code} onValue={setCode} error={fault} inputMode="numeric" autocomplete="one-time-code" />
      <div class="card-buttons">
        <Button kind="primary" type="submit" busy={busy}>
          {t('settings.confirm')}
        </Button>
        <Button kind="plain" onClick={again}>
          {t('settings.again')}
        </Button>
      </div>
    </form>
  );
}

function Password() {
  const topic = useMe();
  const form = useRef<HTMLFormElement>(null);
  const present = loginOf(topic.tags());
  const [login, setLogin] = useState(present);
  const [password, setPassword] = useState('');
  const [faults, setFaults] = useState<{ login?: string; password?: string; form?: string }>({});
  const [busy, setBusy] = useState(false);
  const minPassword = server.value?.minPassword ?? 1;
  const submit = async (e: Event) => {
    e.preventDefault();
    const found: typeof faults = {};
    if (!login.trim() && present) found.login = t('account.needLogin');
    if (!password) found.password = t('account.needPassword');
    else if ([...password].length < minPassword) found.password = t('account.shortPassword', { n: minPassword });
    setFaults(found);
    if (Object.keys(found).length > 0) return focusFault(form);
    setBusy(true);
    try {
      await ask(() => sdk().updateAccountBasic(null, login.trim().toLowerCase() === present ? '' : login.trim(), password));
      setPassword('');
      await reloadCredentials();
      toast(t('settings.passwordSet'));
    } catch (err) {
      setFaults(refused(err, minPassword));
      focusFault(form);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Card title={t('settings.password')} text={t('settings.passwordText')}>
      <form ref={form} class="card-form" noValidate onSubmit={(e) => void submit(e)}>
        {faults.form && <Banner>{faults.form}</Banner>}
        <TextField label={t('account.login')} value={login} onValue={setLogin} error={faults.login} name="username" autocomplete="username" autocapitalize="off" spellcheck={false} />
        <PasswordField label={t('account.newPassword')} hint={t('account.passwordHint', { n: minPassword })} value={password} onValue={setPassword} error={faults.password} name="new-password" autocomplete="new-password" />
        <Button kind="primary" type="submit" busy={busy}>
          {t('settings.setPassword')}
        </Button>
      </form>
    </Card>
  );
}

function refused(e: unknown, minPassword: number): { login?: string; password?: string; form?: string } {
  const about = e instanceof Problem ? e.params.what : undefined;
  switch (codeOf(e)) {
    case 409:
      return { login: t('account.loginTaken') };
    case 400:
      return { login: t('account.badLogin') };
    case 422:
      return about === 'auth' ? { login: t('account.badLogin') } : { form: `${t('account.badLogin')} ${t('account.passwordHint', { n: minPassword })}` };
    default:
      return { form: refusal(e) };
  }
}
