import { useState } from 'preact/hooks';
import { contacts, matching } from '../model/contacts';
import { explain } from '../model/problem';
import { sdk } from '../model/session';
import { t } from '../i18n';
import { Avatar, Button, Dialog, toast } from '../ui';
import { SearchInput } from '../emoji/SearchInput';
import { isMine } from './actions';
import type { PageState } from './state';
import type { Message } from './timeline';

// Forward chooses to whom messages are passed on.
export function Forward({ page, messages }: { page: PageState; messages: Message[] }) {
  const [query, setQuery] = useState('');
  const close = () => (page.forwarding.value = null);
  const may = (name: string) => {
    const acs = sdk().cacheGetTopic(name)?.acs;
    return !acs || acs.getMode() === '' || acs.isWriter();
  };
  const list = matching(contacts.value, query).filter((c) => c.joined && may(c.name));
  const choose = async (to: string, title: string) => {
    close();
    page.chosen.value = null;
    try {
      for (const m of messages) await page.conversation.forward(m, to);
      toast(t('forward.done', { name: title }));
    } catch (e) {
      toast(explain(e));
    }
  };
  return (
    <Dialog title={t('forward.title', { n: messages.length })} onClose={close}>
      <SearchInput label={t('contacts.search')} value={query} onValue={setQuery} />
      <ul class="forward-list">
        {list.map((c) => (
          <li key={c.name}>
            <button type="button" class="forward-to" onClick={() => void choose(c.name, c.title)}>
              <Avatar id={c.name} name={c.title} photo={c.photo} kind={c.kind} size={40} />
              <span class="ellipsis">{c.title}</span>
            </button>
          </li>
        ))}
      </ul>
      {!list.length && <p>{t('contacts.nothing')}</p>}
    </Dialog>
  );
}

// Delete asks for whom.
export function Delete({ page, seqs }: { page: PageState; seqs: number[] }) {
  const c = page.conversation;
  const close = () => (page.deleting.value = null);
  const everybody = c.canErase.value;
  const others = seqs.some((s) => {
    const m = c.timeline.message(s);
    return m && !isMine(m);
  });
  const go = async (all: boolean) => {
    close();
    page.chosen.value = null;
    if (page.writing.peek().kind !== 'new') page.writing.value = { kind: 'new' };
    await c.erase(seqs, all).catch((e: unknown) => toast(explain(e)));
  };
  return (
    <Dialog
      title={t('delete.title', { n: seqs.length })}
      onClose={close}
      foot={
        <>
          <Button kind="plain" onClick={close}>
            {t('common.cancel')}
          </Button>
          <Button kind={everybody ? 'outline' : 'danger'} onClick={() => void go(false)}>
            {t('delete.forMe')}
          </Button>
          {everybody && (
            <Button kind="danger" onClick={() => void go(true)}>
              {t('delete.forAll')}
            </Button>
          )}
        </>
      }
    >
      <p>{everybody ? t(others ? 'delete.textOthers' : 'delete.text') : t('delete.textMe')}</p>
    </Dialog>
  );
}
