import { path } from '../app/router';
import { t } from '../i18n';
import { contacts } from '../model/contacts';
import { Button, IconBell } from '../ui';
import './notify.css';
import { current } from './current';
import { ask, asked, later, permission } from './notify';

// Asks once whether notifications are wanted, when there is somebody to hear from.
export function NotifyBanner() {
  if (permission.value !== 'default' || asked.value || contacts.value.length === 0) return null;
  // Nor over forms, whose buttons it would cover on a phone.
  const [first, , more] = path.value;
  if (first !== undefined && (first !== 'c' || more)) return null;
  return (
    <div class={`notify${current.value ? ' in-conversation' : ''}`} role="region" aria-label={t('notify.title')}>
      <IconBell />
      <p>{t('notify.text')}</p>
      <Button kind="plain" onClick={later}>
        {t('notify.later')}
      </Button>
      <Button kind="primary" onClick={() => void ask()}>
        {t('notify.yes')}
      </Button>
    </div>
  );
}
