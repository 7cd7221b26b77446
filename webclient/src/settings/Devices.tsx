import { useEffect, useState } from 'preact/hooks';
import { t } from '../i18n';
import { ago } from '../i18n/time';
import { explain } from '../model/problem';
import { ask, delSession, online, sdk } from '../model/session';
import { act } from '../groups/actions';
import { Banner, Button, confirm, IconDevices, Loading, toast } from '../ui';
import { deviceName } from './deviceName';
import { Card } from './parts';

// docs/protocol.md#metasessions
interface Session {
  id: string;
  ua?: string;
  platf?: string;
  addr?: string;
  since: string;
  seen: string;
  current?: boolean;
  online?: boolean;
}

// Devices lists where the user is logged in, and logs him out there.
export function Devices() {
  const [list, setList] = useState<Session[] | null>(null);
  const [fault, setFault] = useState('');
  const [busy, setBusy] = useState('');
  const load = () =>
    ask(() => sdk().getMeta('me', { what: 'sessions' })).then(
      (meta) => {
        const { sessions } = meta as { sessions?: Session[] };
        setList(Array.isArray(sessions) ? sessions : []);
        setFault('');
      },
      (e) => setFault(explain(e)),
    );
  useEffect(() => {
    if (online.value) void load();
  }, [online.value]);
  const end = async (id: string, title: string) => {
    const sure = await confirm({ title, text: t('settings.endText'), yes: t('settings.endSession'), danger: true });
    if (!sure) return;
    setBusy(id);
    if (await act(() => delSession(id), { 404: 'error.gone' })) toast(t('settings.ended'));
    await load();
    setBusy('');
  };
  if (fault) return <Banner>{fault}</Banner>;
  if (!list) return <Loading />;
  const others = list.filter((s) => !s.current);
  return (
    <>
      <Card title={t('settings.thisDevice')}>
        <ul class="devices">
          {list
            .filter((s) => s.current)
            .map((s) => (
              <Device key={s.id} s={s} />
            ))}
        </ul>
      </Card>
      <Card title={t('settings.otherDevices')}>
        {others.length === 0 ? (
          <p class="card-text">{t('settings.noOthers')}</p>
        ) : (
          <>
            <ul class="devices">
              {others.map((s) => (
                <Device key={s.id} s={s} busy={busy === s.id} onEnd={() => void end(s.id, t('settings.endSure', { device: deviceName(s.ua, s.platf) || t('settings.unknownDevice') }))} />
              ))}
            </ul>
            <Button kind="danger" busy={busy === '*'} onClick={() => void end('*', t('settings.endAllSure'))}>
              {t('settings.endAll')}
            </Button>
          </>
        )}
      </Card>
    </>
  );
}

function Device({ s, busy, onEnd }: { s: Session; busy?: boolean; onEnd?: () => void }) {
  const name = deviceName(s.ua, s.platf) || t('settings.unknownDevice');
  const when = s.online ? t('settings.onlineNow') : t('settings.lastSeen', { when: ago(new Date(s.seen)) });
  return (
    <li class="device">
      <IconDevices size={26} />
      <span class="device-text">
        <b>{name}</b>
        <span>
          {when}
          {s.addr ? `, ${t('settings.address', { address: s.addr })}` : ''}
        </span>
        <span>{t('settings.since', { date: ago(new Date(s.since)) })}</span>
      </span>
      {onEnd && (
        <Button busy={busy} aria-label={t('common.about', { name: t('settings.endSession'), text: name })} onClick={onEnd}>
          {t('settings.endSession')}
        </Button>
      )}
    </li>
  );
}
