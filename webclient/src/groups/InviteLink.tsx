import { useMemo } from 'preact/hooks';
import { link } from '../app/router';
import { t } from '../i18n';
import { titleOf } from '../model/contacts';
import { Button, IconButton, IconCopy, IconShare, toast } from '../ui';
import { QR } from '../ui/QR';
import type { InfoProps } from './InfoPage';
import { PanelBar } from './parts';
import { policyOf } from './roles';
import { publicName, useTopic } from './topic';

// InviteLink shows the address of a group or channel, as text and as a QR code.
export function InviteLink({ name }: InfoProps) {
  const { topic } = useTopic(name);
  const address = useMemo(() => new URL(link('u', publicName(topic)), location.href).href, [topic.name, topic.chan]);
  const copy = () => navigator.clipboard?.writeText(address).then(() => toast(t('common.copied')), failed) ?? failed();
  const failed = () => toast(t('common.copyFailed'));
  const share = () => void navigator.share({ title: titleOf(topic), url: address }).catch(() => {}); // changed his mind
  const policy = topic.chan || topic.isChannelType() ? 'channel' : topic.defacs ? policyOf(topic.defacs.auth) : 'open';
  const text = { channel: t('group.linkChannel'), open: t('group.linkOpen'), read: t('group.linkOpen'), ask: t('group.linkAsk'), closed: t('group.linkClosed') }[policy];
  return (
    <div class="column">
      <PanelBar title={t('group.link')} name={name} />
      <div class="scroll invite" tabIndex={0} role="group" aria-label={t('group.link')}>
        <p>{text}</p>
        <div class="invite-link">
          <input readOnly value={address} aria-label={t('group.link')} onFocus={(e) => e.currentTarget.select()} />
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
        <QR text={address} label={t('group.qr')} />
        <p>{t('invite.scan')}</p>
      </div>
    </div>
  );
}
