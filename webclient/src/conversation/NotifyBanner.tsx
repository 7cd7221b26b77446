import { path } from '../app/router';
import { t } from '../i18n';
import { Button, IconBell } from '../ui';
import './notify.css';
import { current } from './current';
import { ask, asked, later, permission } from './notify';
import { hasSent } from './outbox';

// Asks once whether notifications are wanted, when an answer is to be expected.
export function NotifyBanner() {
  if (permission.value !== 'default' || asked.value || !hasSent.value) return null;
  // Nor over forms, whose buttons it would cover on a phone.
  const [first, , more] = path.value;
  if (first !== undefined && (first !== 'c' || more)) return null;
  return (
    <div class={`notify${current.value ? ' in-conversation' : ''}`} role="region" aria-label={t('notify.title')}>
      <IconBell />
      <p>{t('notify.text')}</p>
      <div class="notify-answers">
        <Button kind="plain" onClick={later}>
          {t('notify.later')}
        </Button>
        <Button kind="primary" onClick={() => void ask()}>
          {t('notify.yes')}
        </Button>
      </div>
    </div>
  );
}
