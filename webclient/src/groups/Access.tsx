import { useState } from 'preact/hooks';
import { t } from '../i18n';
import { Button, Loading, Switch, toast } from '../ui';
import { Choice } from '../ui/Choice';
import { act } from './actions';
import type { InfoProps } from './InfoPage';
import { PanelBar } from './parts';
import { accessFor, policyOf, type Policy } from './roles';
import { touch } from './news';
import { useTopic } from './topic';

// Access is what newcomers get: who may join, and as what.
export function Access({ name }: InfoProps) {
  const { topic } = useTopic(name);
  const auth = topic.defacs?.auth;
  if (auth === undefined) {
    return (
      <div class="column">
        <PanelBar title={t('group.access')} name={name} />
        <Loading />
      </div>
    );
  }
  return (
    <div class="column">
      <PanelBar title={t('group.access')} name={name} />
      <Form
        key={auth}
        auth={auth}
        save={async (to) => {
          const done = await act(() => topic.setMeta({ desc: { defacs: { auth: to } } }));
          touch(name);
          if (done) toast(t('group.saved'));
        }}
      />
    </div>
  );
}

function Form({ auth, save }: { auth: string; save: (auth: string) => Promise<void> }) {
  const [policy, setPolicy] = useState<Policy>(policyOf(auth));
  const [share, setShare] = useState(auth.includes('S'));
  const [busy, setBusy] = useState(false);
  const next = accessFor(policy, share);
  const unchanged = policy === policyOf(auth) && (share === auth.includes('S') || policy === 'ask' || policy === 'closed');
  const submit = (e: Event) => {
    e.preventDefault();
    setBusy(true);
    void save(next).finally(() => setBusy(false));
  };
  return (
    <form class="scroll panel-form" tabIndex={-1} onSubmit={submit}>
      <PolicyChoice chosen={policy} onChoose={setPolicy} />
      {(policy === 'open' || policy === 'read') && <Switch label={t('group.newMayInvite')} on={share} onChange={setShare} />}
      <p class="field-hint">{t('group.accessNote')}</p>
      <Button kind="primary" type="submit" busy={busy} disabled={unchanged}>
        {t('common.save')}
      </Button>
    </form>
  );
}

export function PolicyChoice({ chosen, onChoose }: { chosen: Policy; onChoose: (p: Policy) => void }) {
  return (
    <Choice
      label={t('group.whoJoins')}
      chosen={chosen}
      onChoose={onChoose}
      options={[
        { key: 'open', label: t('group.open'), hint: t('group.openHint') },
        { key: 'read', label: t('group.read'), hint: t('group.readHint') },
        { key: 'ask', label: t('group.ask'), hint: t('group.askHint') },
        { key: 'closed', label: t('group.closed'), hint: t('group.closedHint') },
      ]}
    />
  );
}
