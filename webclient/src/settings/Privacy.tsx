import { useState } from 'preact/hooks';
import { act } from '../groups/actions';
import { touch } from '../groups/news';
import { withLetters } from '../groups/roles';
import { t } from '../i18n';
import { confirm, Loading, Switch } from '../ui';
import { Choice } from '../ui/Choice';
import { useMe } from './me';
import { Card } from './parts';
import { showTyping } from './prefs';

const strangers = { auth: 'JRWPASD', anon: 'JRWPA' }; // the server cuts off what is not allowed

// Privacy is who may begin a chat, and what others are told.
export function Privacy() {
  const topic = useMe();
  const [busy, setBusy] = useState(false);
  const [wanted, setWanted] = useState<string | null>(null); // while it is being saved
  const { defacs, acs } = topic;
  if (!defacs) return <Loading />;
  const has = (mode: string | undefined) => !!mode && mode !== 'N' && mode.includes('J');
  const run = async (f: () => Promise<unknown>) => {
    setBusy(true);
    await act(f);
    touch('me');
    setBusy(false);
  };
  const seen = acs.isPresencer('want');
  const show = async (on: boolean) => {
    if (!on && !(await confirm({ title: t('privacy.hideSure'), text: t('privacy.hideText'), yes: t('privacy.hide') }))) return;
    await run(() => topic.setMeta({ sub: { mode: withLetters(acs.getWant(), 'P', on) } }));
  };
  return (
    <>
      <Card>
        <Choice
          label={t('privacy.who')}
          chosen={wanted ?? (has(defacs.auth) ? 'everybody' : 'nobody')}
          onChoose={(to) => {
            setWanted(to);
            void run(() => topic.setMeta({ desc: { defacs: to === 'everybody' ? { auth: strangers.auth } : { auth: 'N', anon: 'N' } } })).then(() => setWanted(null));
          }}
          options={[
            { key: 'everybody', label: t('privacy.everybody') },
            { key: 'nobody', label: t('privacy.nobody'), hint: t('privacy.nobodyHint') },
          ]}
        />
        {has(defacs.auth) && <Switch label={t('privacy.guests')} on={has(defacs.anon)} disabled={busy} onChange={(on) => void run(() => topic.setMeta({ desc: { defacs: { anon: on ? strangers.anon : 'N' } } }))} />}
      </Card>
      <Card>
        <Switch label={t('privacy.online')} hint={t('privacy.onlineHint')} on={seen} disabled={busy} onChange={(on) => void show(on)} />
        <Switch label={t('privacy.typing')} hint={t('privacy.typingHint')} on={showTyping.value} onChange={(on) => (showTyping.value = on)} />
        <p class="field-hint">{t('privacy.readNote')}</p>
      </Card>
    </>
  );
}
