import { useRef, useState } from 'preact/hooks';
import { t } from '../i18n';
import { codeOf, explain } from '../model/problem';
import { addressOf, confirm, giveUp, missing, sendAgain } from '../model/session';
import { Banner, Button, TextField } from '../ui';
import { refusalOfAddress } from './check';
import { focusFault } from './focus';

const texts = { totp: 'second.totp', email: 'second.email', tel: 'second.tel' } as const;

// SecondStep asks for what a login is missing: a code of an authenticator app, or
// one that was sent to an address.
export function SecondStep() {
  const form = useRef<HTMLFormElement>(null);
  const [code, setCode] = useState('');
  const [fault, setFault] = useState('');
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const [again, setAgain] = useState(false);
  const [sentTo, setSentTo] = useState('');
  const method = missing.value[0] ?? '';
  const submit = async (e: Event) => {
    e.preventDefault();
    setProblem('');
    if (!code.trim()) {
      setFault(t('second.needCode'));
      return focusFault(form);
    }
    setFault('');
    setBusy(true);
    try {
      const right = await confirm(method, code.trim());
      setCode('');
      if (!right) {
        setFault(t('second.wrong'));
        focusFault(form);
      }
    } catch (err) {
      setProblem(codeOf(err) === 422 ? t('second.tooMany') : codeOf(err) === 401 ? t('second.late') : explain(err));
    } finally {
      setBusy(false);
    }
  };
  if (again && method !== 'totp') {
    const done = (address: string) => {
      setSentTo(address);
      setAgain(false);
      setProblem('');
      setFault('');
    };
    return <SendAgain method={method} onDone={done} onCancel={() => setAgain(false)} />;
  }
  return (
    <>
      <h1>{t('second.title')}</h1>
      <p>{t(texts[method as 'totp'] ?? 'second.totp')}</p>
      {sentTo && method !== 'totp' && (
        <Banner info>
          {t('second.sentTo', { address: sentTo })} {method === 'email' && t('second.spam')}
        </Banner>
      )}
      {problem && <Banner>{problem}</Banner>}
      <form ref={form} key={method} class="account-form" noValidate onSubmit={(e) => void submit(e)}>
        <TextField label={t('second.code')} value={code} onValue={setCode} error={fault} name="code" autocomplete="one-time-code" inputMode={method === 'totp' ? 'text' : 'numeric'} autocapitalize="off" autofocus />
        <Button kind="primary" type="submit" wide busy={busy}>
          {t('second.confirm')}
        </Button>
      </form>
      {method !== 'totp' && (
        <Button kind="plain" wide onClick={() => setAgain(true)}>
          {t('second.again')}
        </Button>
      )}
      <Button kind="plain" wide onClick={() => void giveUp()}>
        {t('common.cancel')}
      </Button>
    </>
  );
}

// SendAgain asks where to: the address may have been wrong, and of an account that
// was made elsewhere this page does not know it.
function SendAgain({ method, onDone, onCancel }: { method: string; onDone: (address: string) => void; onCancel: () => void }) {
  const form = useRef<HTMLFormElement>(null);
  const [address, setAddress] = useState(addressOf(method));
  const [fault, setFault] = useState('');
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const mail = method === 'email';
  const submit = async (e: Event) => {
    e.preventDefault();
    setProblem('');
    if (!address.trim()) {
      setFault(t(mail ? 'account.needEmail' : 'account.needTel'));
      return focusFault(form);
    }
    setFault('');
    setBusy(true);
    try {
      await sendAgain(method, address.trim());
      onDone(address.trim());
    } catch (err) {
      const why = refusalOfAddress(err, method);
      setBusy(false);
      if (!why) return setProblem(codeOf(err) === 401 ? t('second.late') : explain(err));
      setFault(why);
      focusFault(form);
    }
  };
  return (
    <>
      <h1>{t('second.again')}</h1>
      <p>{t(mail ? 'second.againEmail' : 'second.againTel')}</p>
      {problem && <Banner>{problem}</Banner>}
      <form ref={form} class="account-form" noValidate onSubmit={(e) => void submit(e)}>
        <TextField label={t(mail ? 'account.email' : 'account.tel')} value={address} onValue={setAddress} error={fault} name="address" autocomplete={mail ? 'email' : 'tel'} inputMode={mail ? 'email' : 'tel'} autocapitalize="off" spellcheck={false} autofocus />
        <Button kind="primary" type="submit" wide busy={busy}>
          {t('second.send')}
        </Button>
      </form>
      <Button kind="plain" wide onClick={onCancel}>
        {t('common.back')}
      </Button>
    </>
  );
}
