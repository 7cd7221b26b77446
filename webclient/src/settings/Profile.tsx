import { useRef, useState } from 'preact/hooks';
import { Tinode } from 'tinode-sdk';
import { focusFault } from '../account/focus';
import { describe, refusal } from '../groups/actions';
import { touch } from '../groups/news';
import { aliasOf, badAlias, freeTags, readTags, sameTags, withTags } from '../groups/tags';
import { t } from '../i18n';
import { nameOf, noteOf, photoOf } from '../model/card';
import { ask, myID, sdk } from '../model/session';
import { PictureField } from '../picture/PictureField';
import { store } from '../picture/store';
import { Banner, Button, Loading, TextField, toast } from '../ui';
import { TextArea } from '../ui/TextArea';
import { useMe } from './me';
import { Card } from './parts';

// Profile is what others see of the user, and how they find him.
export function Profile() {
  const topic = useMe();
  if (!topic.created) return <Loading />;
  return <Form />;
}

function Form() {
  const topic = useMe();
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
    if (!name.trim()) found.name = t('account.needName');
    if (badAlias(alias.trim())) found.alias = t('tags.badAlias');
    setFaults(found);
    if (Object.keys(found).length > 0) return focusFault(form);
    setBusy(true);
    try {
      const next = withTags(before, alias.trim(), readTags(tags));
      if (!sameTags(next, before) && !(before.length === 0 && next[0] === Tinode.DEL_CHAR)) await ask(() => topic.setMeta({ tags: next }));
      const picture = picked ? await store(picked) : undefined;
      await describe(topic, { fn: name.trim(), note: note.trim(), ...(picked === undefined ? {} : { photo: picture?.photo ?? null }) }, picture?.files);
      setPicked(undefined);
      touch('me');
      toast(t('settings.saved'));
    } catch (err) {
      setFaults({ form: refusal(err, { 400: 'tags.taken', 403: 'tags.refused', 413: 'picture.tooLarge' }) });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Card>
      <form ref={form} class="card-form" noValidate onSubmit={(e) => void submit(e)}>
        {faults.form && <Banner>{faults.form}</Banner>}
        <PictureField id={myID.value} name={name} photo={photoOf(topic.public, (p) => sdk().authorizeURL(p))} picked={picked} onPick={setPicked} />
        <TextField label={t('account.name')} hint={t('account.nameHint')} value={name} onValue={(v) => (setName(v), setFaults({}))} error={faults.name} maxLength={60} name="name" autocomplete="name" />
        <TextArea label={t('settings.about')} hint={t('settings.aboutHint')} value={note} onValue={setNote} maxLength={500} />
        <TextField label={t('tags.alias')} hint={t('tags.aliasHint')} value={alias} onValue={(v) => (setAlias(v), setFaults({}))} error={faults.alias} autocomplete="off" autocapitalize="off" spellcheck={false} />
        <TextField label={t('tags.title')} hint={t('tags.hint')} value={tags} onValue={setTags} autocomplete="off" autocapitalize="off" />
        <Button kind="primary" type="submit" busy={busy}>
          {t('common.save')}
        </Button>
      </form>
    </Card>
  );
}
