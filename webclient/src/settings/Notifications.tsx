import { later, permission } from '../conversation/notify';
import { t } from '../i18n';
import { Banner, Button, IconPlay, Switch } from '../ui';
import { Card } from './parts';
import { notifyOn, notifyPreview, notifySound } from './prefs';
import { play } from './sound';

// Notifications are those of this browser; single chats are muted elsewhere.
export function Notifications() {
  const allowed = permission.value;
  const on = allowed === 'granted' && notifyOn.value;
  const turn = async (to: boolean) => {
    if (to && allowed !== 'granted') {
      permission.value = await Notification.requestPermission();
      later(); // no need to ask again above the list
      if (permission.value !== 'granted') return;
    }
    notifyOn.value = to;
  };
  return (
    <Card>
      {allowed === 'none' && <Banner info>{t('notify.none')}</Banner>}
      {allowed === 'denied' && <Banner info>{t('notify.blocked')}</Banner>}
      <Switch label={t('notify.here')} hint={t('notify.hereHint')} on={on} disabled={allowed === 'none' || allowed === 'denied'} onChange={(to) => void turn(to)} />
      <Switch label={t('notify.preview')} hint={t('notify.previewHint')} on={notifyPreview.value} onChange={(to) => (notifyPreview.value = to)} />
      <Switch label={t('notify.sound')} on={notifySound.value} onChange={(to) => (notifySound.value = to)} />
      <Button kind="plain" onClick={play}>
        <IconPlay size={18} />
        {t('notify.try')}
      </Button>
      <p class="field-hint">{t('notify.perChat')}</p>
    </Card>
  );
}
