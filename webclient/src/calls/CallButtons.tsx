import { Tinode } from 'tinode-sdk';
import { t } from '../i18n';
import { contact } from '../model/contacts';
import { online } from '../model/session';
import { IconButton, IconPhone, IconVideo } from '../ui';
import { callsOffered, engine, place } from './watch';

// CallButtons are in the head of conversations of two, where the server has calls.
export function CallButtons({ topic }: { topic: string }) {
  if (!Tinode.isP2PTopicName(topic) || online.value === 0 || !callsOffered()) return null;
  if (contact(topic)?.joined === false) return null;
  const busy = !!engine.value?.current.value;
  return (
    <>
      <IconButton label={t('calls.audio')} disabled={busy} onClick={() => void place(topic, false)}>
        <IconPhone />
      </IconButton>
      <IconButton label={t('calls.video')} disabled={busy} onClick={() => void place(topic, true)}>
        <IconVideo />
      </IconButton>
    </>
  );
}
