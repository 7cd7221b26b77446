import { useRef, useState } from 'preact/hooks';
import { Tinode, type Topic } from 'tinode-sdk';
import { focusFault } from '../account/focus';
import { back } from '../app/router';
import { t } from '../i18n';
import { nameOf, noteOf, photoOf } from '../model/card';
import { refresh } from '../model/contacts';
import { ask, sdk } from '../model/session';
import { PictureField } from '../picture/PictureField';
import { store } from '../picture/store';
import { Banner, Button, Loading, TextField } from '../ui';
import { TextArea } from '../ui/TextArea';
import { describe, refusal } from './actions';
import type { InfoProps } from './InfoPage';
import { PanelBar } from './parts';
import { aliasOf, badAlias, freeTags, readTags, sameTags, withTags } from './tags';
import { kindOf, useTopic } from './topic';
import { touch } from './news';

// Edit changes what a group is, or what the user calls a person.
export function Edit({ name }: InfoProps) {
  const { topic, loaded } = useTopic(name);
  const title = t(topic.isP2PType() ? 'group.rename' : 'group.edit');
  return (
    <div class="column">
      <PanelBar title={title} name={name} />
      {!loaded ? <Loading /> : topic.isP2PType() ? <Rename topic={topic} /> : <Group topic={topic} />}
    </div>
  );
}

function Rename({ topic }: { topic: Topic }) {
  const [word, setWord] = useState(typeof topic.private?.comment === 'string' ? topic.private.comment : '');
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState('');
  const submit = async (e: Event) => {
    e.preventDefault();
    setBusy(true);
    try {
      await ask(() => topic.setMeta({ desc: { private: { comment: word.trim() || Tinode.DEL_CHAR } } }));
      refresh(topic.name);
      touch(topic.name);
      back('c', topic.name, 'info');
    } catch (err) {
      setFault(refusal(err));
      setBusy(false);
    }
  };
  return (
    <form class="scroll panel-form" tabIndex={-1} onSubmit={(e) => void submit(e)}>
      {fault && <Banner>{fault}</Banner>}
      <TextField label={t('group.ownName')} hint={t('group.ownNameHint', { name: nameOf(topic.public) })} value={word} onValue={setWord} maxLength={60} autocomplete="off" />
      <Button kind="primary" type="submit" busy={busy}>
        {t('common.save')}
      </Button>
    </form>
  );
}

function Group({ topic }: { topic: Topic }) {
  const kind = kindOf(topic) === 'channel' ? 'channel' : 'group';
  const form = useRef<HTMLFormElement>(null);
  const before = topic.tags();
  const [name, setName] = useState(nameOf(topic.public));
  const [note, setNote] = useState(noteOf(topic.public));
  const [alias, setAlias] = useState(aliasOf(before));
  const [tags, setTags] = useState(freeTags(before).join(' '));
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
      const picture = picked ? await store(picked, topic.name) : undefined;
      await describe(topic, { fn: name.trim(), note: note.trim(), ...(picked === undefined ? {} : { photo: picture?.photo ?? null }) }, picture?.files);
      const next = withTags(before, alias.trim(), readTags(tags));
      if (!sameTags(next, before) && !(before.length === 0 && next[0] === Tinode.DEL_CHAR)) await ask(() => topic.setMeta({ tags: next }));
      touch(topic.name);
      refresh(topic.name);
      back('c', topic.name, 'info');
    } catch (err) {
      setFaults({ form: refusal(err, { 400: 'tags.taken', 403: 'group.noPermission', 413: 'picture.tooLarge' }) });
      setBusy(false);
    }
  };
  return (
    <form ref={form} class="scroll panel-form" tabIndex={-1} noValidate onSubmit={(e) => void submit(e)}>
      {faults.form && <Banner>{faults.form}</Banner>}
      <PictureField id={topic.name} name={name} kind={kind} photo={photoOf(topic.public, (p) => sdk().authorizeURL(p))} picked={picked} onPick={setPicked} />
      <TextField label={t('group.name')} value={name} onValue={(v) => (setName(v), setFaults({}))} error={faults.name} maxLength={60} autocomplete="off" />
      <TextArea label={t('group.note')} value={note} onValue={setNote} maxLength={500} />
      <TextField label={t('tags.alias')} hint={t('tags.aliasHint')} value={alias} onValue={(v) => (setAlias(v), setFaults({}))} error={faults.alias} autocomplete="off" autocapitalize="off" spellcheck={false} />
      <TextField label={t('tags.title')} hint={t('tags.groupHint')} value={tags} onValue={setTags} autocomplete="off" autocapitalize="off" />
      <Button kind="primary" type="submit" busy={busy}>
        {t('common.save')}
      </Button>
    </form>
  );
}
