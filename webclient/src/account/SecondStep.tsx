import { useRef, useState } from 'preact/hooks';
import { t } from '../i18n';
import { codeOf, explain } from '../model/problem';
import { confirm, giveUp, missing } from '../model/session';
import { Banner, Button, TextField } from '../ui';
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
      setProblem(codeOf(err) === 422 ? t('second.tooMany') : explain(err));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <h1>{t('second.title')}</h1>
      <p>{t(texts[method as 'totp'] ?? 'second.totp')}</p>
      {problem && <Banner>{problem}</Banner>}
      <form ref={form} key={method} class="account-form" noValidate onSubmit={(e) => void submit(e)}>
        <TextField label={t('second.code')} value={code} onValue={setCode} error={fault} name="code" autocomplete="one-time-code" inputMode={method === 'totp' ? 'text' : 'numeric'} autocapitalize="off" autofocus />
        <Button kind="primary" type="submit" wide busy={busy}>
          {t('second.confirm')}
        </Button>
      </form>
      <Button kind="plain" wide onClick={() => void giveUp()}>
        {t('common.cancel')}
      </Button>
    </>
  );
}
