import { useRef, useState } from 'preact/hooks';
import { focusFault } from '../account/focus';
import { act, refusal } from '../groups/actions';
import { t } from '../i18n';
import { codeOf, Problem } from '../model/problem';
import { product } from '../model/server';
import { ask, me, sdk } from '../model/session';
import { Button, Dialog, IconButton, IconCopy, IconShield, TextField, toast } from '../ui';
import { QR } from '../ui/QR';
import { reloadCredentials } from './credentials';
import { useMe } from './me';
import { Card } from './parts';

interface Offer {
  secret: string;
  url: string;
}

// TwoFactor turns the second factor on and off: docs/protocol/schemes.md.
export function TwoFactor() {
  const topic = useMe();
  const on = topic.getCredentials().some((c) => c.meth === 'totp' && c.done);
  const [offer, setOffer] = useState<Offer | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const [off, setOff] = useState(false);
  const [busy, setBusy] = useState(false);
  const begin = async () => {
    setBusy(true);
    await act(
      async () => {
        const ctrl = await sdk().setMeta('me', { cred: { meth: 'totp' } });
        const { secret, url } = ctrl.params ?? {};
        if (typeof secret !== 'string' || typeof url !== 'string') throw new Problem(500, 'no secret');
        setOffer({ secret, url });
      },
      { 400: 'error.denied' },
    );
    setBusy(false);
  };
  if (codes) return <Recovery codes={codes} onDone={() => setCodes(null)} />;
  if (offer && !on) {
    return (
      <Enrol
        offer={offer}
        onCancel={() => {
          setOffer(null);
          // What was begun is worth nothing; whatever the server says.
          me().delCredential('totp', '000000').catch(() => {});
        }}
        onCodes={(list) => {
          setOffer(null);
          setCodes(list);
          void act(reloadCredentials);
        }}
      />
    );
  }
  return (
    <Card>
      <div class="totp-state">
        <IconShield size={32} />
        <p>
          {on && <b>{t('totp.on')}. </b>}
          {t(on ? 'totp.onText' : 'totp.offText')}
        </p>
      </div>
      {on ? (
        <Button kind="danger" onClick={() => setOff(true)}>
          {t('totp.turnOff')}
        </Button>
      ) : (
        <Button kind="primary" busy={busy} onClick={() => void begin()}>
          {t('totp.turnOn')}
        </Button>
      )}
      {off && <TurnOff onClose={() => setOff(false)} />}
    </Card>
  );
}

function Enrol({ offer, onCodes, onCancel }: { offer: Offer; onCodes: (codes: string[]) => void; onCancel: () => void }) {
  const form = useRef<HTMLFormElement>(null);
  const [code, setCode] = useState('');
  const [fault, setFault] = useState('');
  const [busy, setBusy] = useState(false);
  const submit = async (e: Event) => {
    e.preventDefault();
    setBusy(true);
    try {
      const ctrl = await ask(() => sdk().setMeta('me', { cred: { meth: 'totp', resp: code.replace(/\s/g, '') } }));
      const list = ctrl.params?.recovery as unknown;
      onCodes(Array.isArray(list) ? list.map(String) : []);
    } catch (err) {
      setFault(said(err));
      setBusy(false);
      focusFault(form);
    }
  };
  return (
    <Card title={t('totp.turnOn')}>
      <p>{t('totp.scan')}</p>
      <div class="totp-qr">
        <QR text={offer.url} label={t('totp.qr')} />
      </div>
      <div class="field">
        <span class="field-label" id="totp-secret">
          {t('totp.secret')}
        </span>
        <div class="totp-secret">
          <code aria-labelledby="totp-secret">{offer.secret.replace(/(.{4})(?=.)/g, '$1 ')}</code>
          <IconButton label={t('common.copy')} onClick={() => void copy(offer.secret)}>
            <IconCopy />
          </IconButton>
        </div>
      </div>
      <form ref={form} class="card-form" noValidate onSubmit={(e) => void submit(e)}>
        <p>{t('totp.then')}</p>
        <TextField label={t('totp.code')} value={code} onValue={setCode} error={fault} inputMode="numeric" autocomplete="one-time-code" maxLength={9} />
        <div class="card-buttons">
          <Button kind="primary" type="submit" busy={busy} disabled={!code.trim()}>
            {t('settings.confirm')}
          </Button>
          <Button kind="plain" onClick={onCancel}>
            {t('common.cancel')}
          </Button>
        </div>
      </form>
    </Card>
  );
}

function Recovery({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  return (
    <Card title={t('totp.recovery')} text={t('totp.recoveryText')}>
      <div class="totp-print">
        <p class="only-print">
          {product()}: {t('totp.recovery')}
        </p>
        <ul class="totp-codes" aria-label={t('totp.recovery')}>
          {codes.map((c) => (
            <li key={c}>
              <code>{c}</code>
            </li>
          ))}
        </ul>
      </div>
      <div class="card-buttons">
        <Button onClick={() => void copy(codes.join('\n'))}>
          <IconCopy size={20} />
          {t('totp.copy')}
        </Button>
        <Button onClick={() => print()}>{t('totp.print')}</Button>
        <Button kind="primary" onClick={onDone}>
          {t('totp.done')}
        </Button>
      </div>
    </Card>
  );
}

function TurnOff({ onClose }: { onClose: () => void }) {
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
      await ask(() => me().delCredential('totp', code.trim()));
      await reloadCredentials();
      toast(t('totp.isOff'));
      onClose();
    } catch (err) {
      setFault(said(err));
      setBusy(false);
      focusFault(form);
    }
  };
  return (
    <Dialog title={t('totp.turnOff')} onClose={onClose}>
      <form ref={form} class="card-form" noValidate onSubmit={(e) => void submit(e)}>
        <p>{t('totp.offSure')}</p>
        <TextField label={t('totp.anyCode')} value={code} onValue={setCode} error={fault} autocomplete="one-time-code" autocapitalize="off" autofocus />
        <div class="card-buttons">
          <Button kind="danger" type="submit" busy={busy}>
            {t('totp.turnOff')}
          </Button>
          <Button kind="plain" onClick={onClose}>
            {t('common.cancel')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function said(e: unknown): string {
  const retry = e instanceof Problem ? Number(e.params.retry) : 0;
  if (codeOf(e) === 422) return t('totp.wait', { n: Math.max(1, Math.ceil(retry / 60)) });
  return refusal(e, { 400: 'settings.wrongCode', 404: 'settings.nothingWaits', 406: 'settings.wrongCode' });
}

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(t('common.copied'));
  } catch {
    toast(t('common.copyFailed'));
  }
}
