import { useRef, useState } from 'preact/hooks';
import type { PageProps } from '../app/feature';
import { go, replace } from '../app/router';
import { focusFault } from '../account/focus';
import { t } from '../i18n';
import { ask, sdk } from '../model/session';
import { PictureField } from '../picture/PictureField';
import { store } from '../picture/store';
import { Banner, Bar, Button, IconBack, IconButton, TextField, toast } from '../ui';
import { TextArea } from '../ui/TextArea';
import { PolicyChoice } from './Access';
import { describe, refusal } from './actions';
import { accessFor, type Policy } from './roles';
import { badAlias, readTags, withTags } from './tags';
import './groups.css';

// Create makes a group or a channel, and goes on to inviting people.
export default function Create({ params }: PageProps) {
  const channel = params.what === 'channel';
  const form = useRef<HTMLFormElement>(null);
  const [name, setName] = useState('');
  const [note, setNote] = useState('');
  const [alias, setAlias] = useState('');
  const [tags, setTags] = useState('');
  const [policy, setPolicy] = useState<Policy>('open');
  const [picked, setPicked] = useState<HTMLCanvasElement | null | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  const [faults, setFaults] = useState<{ name?: string; alias?: string; form?: string }>({});
  const submit = async (e: Event) => {
    e.preventDefault();
    const found: typeof faults = {};
    if (!name.trim()) found.name = t('group.needName');
    if (badAlias(alias.trim())) found.alias = t('tags.badAlias');
    setFaults(found);
    if (Object.keys(found).length > 0) return focusFault(form);
    setBusy(true);
    try {
      const list = withTags([], alias.trim(), readTags(tags)).filter((tag) => tag !== '\u2421');
      const topic = sdk().getTopic(sdk().newGroupTopicName(channel));
      const card = { fn: name.trim(), ...(note.trim() ? { note: note.trim() } : {}) };
      const desc = channel ? { public: card } : { public: card, defacs: { auth: accessFor(policy, true), anon: 'N' } };
      await ask(() => topic.subscribe(topic.startMetaQuery().withDesc().withSub().withTags().build(), { desc, ...(list.length > 0 ? { tags: list } : {}) }));
      if (picked) await addPicture(topic.name, picked);
      // So that the ways back from the invitations lead to the group.
      replace('c', topic.name);
      go('c', topic.name, 'info');
      go('c', topic.name, 'info', 'invite');
    } catch (err) {
      setFaults({ form: refusal(err, { 400: 'tags.taken', 403: 'tags.refused' }) });
      setBusy(false);
    }
  };
  return (
    <div class="column">
      <Bar
        title={t(channel ? 'group.newChannel' : 'group.new')}
        before={
          <IconButton label={t('common.back')} onClick={() => replace('new')}>
            <IconBack />
          </IconButton>
        }
      />
      <form ref={form} class="scroll panel-form" tabIndex={-1} noValidate onSubmit={(e) => void submit(e)}>
        {channel && <p class="panel-hint">{t('group.channelText')}</p>}
        {faults.form && <Banner>{faults.form}</Banner>}
        <PictureField id={name} name={name} kind={channel ? 'channel' : 'group'} photo={undefined} picked={picked ?? undefined} onPick={setPicked} />
        <TextField label={t('group.name')} value={name} onValue={(v) => (setName(v), setFaults({}))} error={faults.name} maxLength={60} autocomplete="off" autofocus />
        <TextArea label={t('group.note')} value={note} onValue={setNote} maxLength={500} />
        {!channel && <PolicyChoice chosen={policy} onChoose={setPolicy} />}
        <details class="panel-details">
          <summary>{t('group.findable')}</summary>
          <div class="panel-fields">
            <TextField label={t('tags.alias')} hint={t('tags.aliasHint')} value={alias} onValue={(v) => (setAlias(v), setFaults({}))} error={faults.alias} autocomplete="off" autocapitalize="off" spellcheck={false} />
            <TextField label={t('tags.title')} hint={t('tags.groupHint')} value={tags} onValue={setTags} autocomplete="off" autocapitalize="off" />
          </div>
        </details>
        <Button kind="primary" type="submit" wide busy={busy}>
          {t(channel ? 'group.createChannel' : 'group.create')}
        </Button>
      </form>
    </div>
  );
}

// The group is there already: that its picture failed is worth a word, no more.
async function addPicture(name: string, picture: HTMLCanvasElement): Promise<void> {
  try {
    const { photo, files } = await store(picture, name);
    await describe(sdk().getTopic(name), { photo }, files);
  } catch (e) {
    toast(`${t('picture.failed')} ${refusal(e)}`);
  }
}
