import { useMemo } from 'preact/hooks';
import { back, link } from '../app/router';
import { t } from '../i18n';
import { profile } from '../model/contacts';
import { myID } from '../model/session';
import { Avatar, Bar, Button, IconBack, IconButton, IconCopy, IconShare, toast } from '../ui';
import { QR } from '../ui/QR';

// Invite shows the link by which others find the user.
export default function Invite() {
  const address = useMemo(() => new URL(link('u', myID.value), location.href).href, [myID.value]);
  const { name, photo } = profile.value;
  const copy = () => navigator.clipboard?.writeText(address).then(() => toast(t('common.copied')), failed) ?? failed();
  const failed = () => toast(t('common.copyFailed'));
  const share = () => void navigator.share({ title: name, text: t('invite.message', { link: '' }).trim(), url: address }).catch(() => {}); // changed his mind
  return (
    <div class="column">
      <Bar
        title={t('invite.title')}
        before={
          <IconButton label={t('common.back')} onClick={() => back()}>
            <IconBack />
          </IconButton>
        }
      />
      <div class="scroll invite" tabIndex={0} role="group" aria-label={t('invite.title')}>
        <Avatar id={myID.value} name={name} photo={photo} size={72} />
        <h2>{name}</h2>
        <p>{t('invite.text')}</p>
        <div class="invite-link">
          <input readOnly value={address} aria-label={t('invite.link')} onFocus={(e) => e.currentTarget.select()} />
          <IconButton label={t('common.copy')} onClick={() => void copy()}>
            <IconCopy />
          </IconButton>
        </div>
        {'share' in navigator && (
          <Button kind="primary" onClick={share}>
            <IconShare size={20} />
            {t('invite.share')}
          </Button>
        )}
        <QR text={address} label={t('invite.qr')} />
        <p>{t('invite.scan')}</p>
      </div>
    </div>
  );
}
