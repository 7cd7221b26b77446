import { useEffect, useRef, useState } from 'preact/hooks';
import { focusFault } from '../account/focus';
import { refusal } from '../groups/actions';
import { t } from '../i18n';
import { product, server } from '../model/server';
import { codeOf } from '../model/problem';
import { ask, end, myID, sdk } from '../model/session';
import { Banner, Button, Dialog, IconDownload, PasswordField, TextField } from '../ui';
import { collect, type Progress } from './export';
import { loginOf, useMe } from './me';
import { Card } from './parts';
import { Wire } from './wire';

// Data is about everything: to take it along, and to erase it.
export function Data() {
  return (
    <>
      <Download />
      <Erase />
    </>
  );
}

function Download() {
  const [progress, setProgress] = useState<Progress | null>(null);
  const [file, setFile] = useState('');
  const [fault, setFault] = useState('');
  const stop = useRef<(() => void) | null>(null);
  useEffect(() => () => stop.current?.(), []);
  useEffect(() => () => URL.revokeObjectURL(file), [file]);
  const start = async () => {
    let stopped = false;
    let wire: Wire | undefined;
    const mine = () => {
      stopped = true;
      wire?.close();
    };
    stop.current = mine;
    setFault('');
    setFile('');
    setProgress({ chat: 0, chats: 0, messages: 0 });
    try {
      wire = await connect();
      if (stopped) return; // cancelled before there was anything to close
      const parts = await collect(wire, myID.peek(), setProgress, () => stopped);
      const url = URL.createObjectURL(new Blob(parts, { type: 'application/json' }));
      setFile(url);
      save(url);
    } catch (e) {
      if (!stopped) setFault(`${t('data.failed')} ${refusal(e)}`);
    } finally {
      wire?.close();
      // Cancelled, another one may have begun meanwhile.
      if (stop.current === mine) stop.current = null;
      if (!stopped) setProgress(null);
    }
  };
  const cancel = () => {
    stop.current?.();
    stop.current = null;
    setProgress(null);
  };
  return (
    <Card title={t('data.download')} text={t('data.downloadText')}>
      {fault && <Banner>{fault}</Banner>}
      <div role="status">{file && !progress && <Banner info>{t('data.ready')}</Banner>}</div>
      {progress ? (
        <div class="data-progress">
          <progress max={progress.chats || 1} value={progress.chats ? Math.max(0, progress.chat - 0.5) : 0} aria-label={t('data.download')} />
          <p class="card-text">
            {t('data.chats', { n: progress.chat, all: progress.chats })}, {t('data.messages', { n: progress.messages })}
          </p>
          <Button onClick={cancel}>{t('common.cancel')}</Button>
        </div>
      ) : (
        <div class="card-buttons">
          <Button kind="primary" onClick={() => void start()}>
            <IconDownload size={20} />
            {t('data.start')}
          </Button>
          {file && <Button onClick={() => save(file)}>{t('data.save')}</Button>}
        </div>
      )}
    </Card>
  );
}

// connect logs in beside the page's own connection, by the same token: for the
// server it is the same device.
async function connect(): Promise<Wire> {
  const token = sdk().getAuthToken()?.token;
  if (!token) throw new Error('not logged in');
  const wire = await reach();
  await wire.ask('login', { scheme: 'token', secret: token });
  return wire;
}

async function reach(): Promise<Wire> {
  const info = server.peek();
  if (!info) throw new Error('the server is not known');
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  const wire = await Wire.open(new WebSocket(`${scheme}://${location.host}${info.api}v0/channels?apikey=${encodeURIComponent(info.apiKey)}`));
  await wire.ask('hi', { ver: '0.25', ua: `${product()}Web/${info.version}`, platf: 'web', lang: navigator.language });
  return wire;
}

// verify fails with a Problem if the password is wrong. (A second factor is not
// asked for: the device has it.)
async function verify(login: string, password: string): Promise<void> {
  const wire = await reach();
  try {
    await wire.ask('login', { scheme: 'basic', secret: btoa(String.fromCharCode(...new TextEncoder().encode(`${login}:${password}`))) }, false);
  } finally {
    wire.close();
  }
}

function save(url: string): void {
  const a = document.createElement('a');
  a.href = url;
  a.download = `${product().toLowerCase()}-${new Date().toISOString().slice(0, 10)}.json`;
  a.click();
}

function Erase() {
  const topic = useMe();
  const [asking, setAsking] = useState(false);
  const name = loginOf(topic.tags());
  return (
    <Card title={t('data.delete')} text={t('data.deleteText')}>
      <Button kind="danger" onClick={() => setAsking(true)}>
        {t('data.deleteButton')}
      </Button>
      {asking && <Sure login={name || myID.value} secret={!!name} onClose={() => setAsking(false)} />}
    </Card>
  );
}

// Sure asks for the login name, and for the password where there is one (secret):
// whoever finds a page open is not to erase everything.
function Sure({ login, secret, onClose }: { login: string; secret: boolean; onClose: () => void }) {
  const form = useRef<HTMLFormElement>(null);
  const [typed, setTyped] = useState('');
  const [password, setPassword] = useState('');
  const [faults, setFaults] = useState<{ login?: string; password?: string; form?: string }>({});
  const [busy, setBusy] = useState(false);
  const submit = async (e: Event) => {
    e.preventDefault();
    const found: typeof faults = {};
    if (typed.trim().toLowerCase() !== login.toLowerCase()) found.login = t('data.notSame');
    if (secret && !password) found.password = t('account.needPassword');
    setFaults(found);
    if (Object.keys(found).length > 0) return focusFault(form);
    setBusy(true);
    try {
      if (secret) await verify(login, password);
    } catch (err) {
      setFaults(codeOf(err) === 401 ? { password: t('account.wrong') } : { form: refusal(err) });
      setBusy(false);
      return focusFault(form);
    }
    try {
      await ask(() => sdk().delCurrentUser(true));
      await end('');
    } catch (err) {
      setFaults({ form: refusal(err, { 422: 'data.permanent' }) });
      setBusy(false);
    }
  };
  return (
    <Dialog title={t('data.delete')} onClose={onClose}>
      <form ref={form} class="card-form" noValidate onSubmit={(e) => void submit(e)}>
        <p>{t('data.deleteText')}</p>
        {faults.form && <Banner>{faults.form}</Banner>}
        <TextField label={t('data.typeLogin', { login })} value={typed} onValue={setTyped} error={faults.login} autocomplete="off" autocapitalize="off" spellcheck={false} autofocus />
        {secret && <PasswordField label={t('account.password')} value={password} onValue={setPassword} error={faults.password} autocomplete="current-password" />}
        <div class="card-buttons">
          <Button kind="danger" type="submit" busy={busy}>
            {t('data.delete')}
          </Button>
          <Button kind="plain" onClick={onClose}>
            {t('common.cancel')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
