import { useEffect, useState } from 'preact/hooks';
import { t } from '../i18n';
import { connection, retryAt, tryNow } from '../model/session';
import { Button, IconOffline, Spinner } from '../ui';

const patience = 1_500; // ms: short breaks are nobody's business

// ConnectionBar says above the list that there is no connection.
export function ConnectionBar() {
  const state = connection.value;
  const [late, setLate] = useState(false);
  const [, tick] = useState(0);
  useEffect(() => {
    if (state === 'online') return setLate(false);
    const timer = setTimeout(() => setLate(true), patience);
    return () => clearTimeout(timer);
  }, [state === 'online']);
  useEffect(() => {
    if (!late || !retryAt.value) return;
    const timer = setInterval(() => tick((n) => n + 1), 1_000);
    return () => clearInterval(timer);
  }, [late, retryAt.value]);
  if (!late || state === 'online') return <div role="status" />;
  const seconds = Math.max(1, Math.ceil((retryAt.value - Date.now()) / 1000));
  return (
    <div class="connection" role="status">
      {state === 'connecting' ? <Spinner /> : <IconOffline size={20} />}
      {/* read out once, not at every second */}
      <span aria-hidden="true">
        {state === 'connecting' ? t('connection.connecting') : retryAt.value ? t('connection.retryIn', { n: seconds }) : t('connection.offline')}
      </span>
      <span class="sr-only">{t('connection.offline')}</span>
      {state === 'offline' && (
        <Button kind="plain" onClick={tryNow}>
          {t('connection.now')}
        </Button>
      )}
    </div>
  );
}
