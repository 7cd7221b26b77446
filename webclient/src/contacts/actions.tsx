import { t } from '../i18n';
import { go, path } from '../app/router';
import { archive, markRead, mute, pin, remove } from '../model/chats';
import type { Contact } from '../model/contacts';
import { explain } from '../model/problem';
import { confirm, IconArchive, IconBell, IconChecks, IconLogOut, IconMute, IconPin, IconTrash, IconUnarchive, openMenu, toast, type MenuItem } from '../ui';

// attempt does something and says what went wrong.
export async function attempt(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (e) {
    toast(explain(e));
    return false;
  }
}

// itemsFor are what can be done with a conversation, in its menu and elsewhere.
export function itemsFor(c: Contact): MenuItem[] {
  const items: MenuItem[] = [];
  const add = (label: string, icon: preact.ComponentChildren, act: () => Promise<unknown>) =>
    items.push({ label, icon, onSelect: () => void attempt(act) });
  if (c.unread > 0) add(t('contacts.markRead'), <IconChecks size={20} />, () => markRead(c.name));
  if (!c.archived) add(t(c.pinned ? 'contacts.unpin' : 'contacts.pin'), <IconPin size={20} />, () => pin(c.name, !c.pinned));
  if (c.kind !== 'self') {
    add(t(c.muted ? 'contacts.unmute' : 'contacts.mute'), c.muted ? <IconBell size={20} /> : <IconMute size={20} />, () => mute(c.name, !c.muted));
  }
  add(t(c.archived ? 'contacts.unarchive' : 'contacts.archive'), c.archived ? <IconUnarchive size={20} /> : <IconArchive size={20} />, async () => {
    if (c.pinned) await pin(c.name, false);
    await archive(c.name, !c.archived);
  });
  const leaves = c.kind === 'group' || c.kind === 'channel';
  items.push({
    label: t(leaves ? 'contacts.leave' : 'contacts.delete'),
    icon: leaves ? <IconLogOut size={20} /> : <IconTrash size={20} />,
    danger: true,
    line: true,
    onSelect: () => void removeAsked(c, leaves),
  });
  return items;
}

async function removeAsked(c: Contact, leaves: boolean): Promise<void> {
  const sure = await confirm({
    title: t(leaves ? 'contacts.leaveSure' : 'contacts.deleteSure', { name: c.title }),
    text: t(leaves ? 'contacts.leaveText' : 'contacts.deleteText'),
    yes: t(leaves ? 'contacts.leave' : 'contacts.delete'),
    danger: true,
  });
  if (!sure) return;
  if ((await attempt(() => remove(c.name))) && path.peek()[1] === c.name) go();
}

export function openMenuOf(c: Contact, at: Element | { clientX: number; clientY: number }): void {
  openMenu(itemsFor(c), t('contacts.actions', { name: c.title }), at);
}
