// What can be done with a message: by menu and by key.

import { isMedia, plainText, toTree } from '../drafty';
import { t } from '../i18n';
import { explain } from '../model/problem';
import { myID } from '../model/session';
import { IconCheck, IconCopy, IconEdit, IconForwardMessage, IconPin, IconReply, IconTrash, type MenuItem, toast } from '../ui';
import { drop, retry } from './outbox';
import type { PageState } from './state';
import type { Message } from './timeline';

export const isMine = (m: Message): boolean => m.from === myID.peek();
export const mayEdit = (m: Message): boolean =>
  m.seq > 0 && isMine(m) && !m.pending && !m.head.webrtc && !m.head.forwarded && !toTree(m.content).some((n) => n.tp === 'AU' || n.tp === 'FM' || n.tp === 'TC');

export function itemsFor(m: Message, page: PageState): MenuItem[] {
  const c = page.conversation;
  const size = 20;
  if (m.seq === 0) return pendingItems(m);
  const pinned = c.pins.peek().includes(m.seq);
  const items: (MenuItem | false)[] = [
    c.canWrite.peek() && { label: t('message.reply'), icon: <IconReply size={size} />, onSelect: () => reply(m, page) },
    !m.head.webrtc && { label: t('message.forward'), icon: <IconForwardMessage size={size} />, onSelect: () => void (page.forwarding.value = [m]) },
    !!plainText(m.content) && { label: t('message.copy'), icon: <IconCopy size={size} />, onSelect: () => void copy([m]) },
    mayEdit(m) && c.canWrite.peek() && { label: t('message.edit'), icon: <IconEdit size={size} />, onSelect: () => edit(m, page) },
    c.canPin.peek() && { label: t(pinned ? 'message.unpin' : 'message.pin'), icon: <IconPin size={size} />, onSelect: () => void pin(m, !pinned, page) },
    { label: t('message.select'), icon: <IconCheck size={size} />, onSelect: () => page.toggle(m.seq) },
    { label: t('message.delete'), icon: <IconTrash size={size} />, danger: true, line: true, onSelect: () => void (page.deleting.value = [m.seq]) },
  ];
  return items.filter((i): i is MenuItem => !!i);
}

function pendingItems(m: Message): MenuItem[] {
  const uid = m.uid ?? '';
  const items: MenuItem[] = [];
  if (m.pending?.state === 'failed') items.push({ label: t('common.retry'), icon: <IconCheck size={20} />, onSelect: () => retry(uid) });
  if (plainText(m.content)) items.push({ label: t('message.copy'), icon: <IconCopy size={20} />, onSelect: () => void copy([m]) });
  if (m.pending?.state !== 'sending') items.push({ label: t('message.cancel'), icon: <IconTrash size={20} />, danger: true, onSelect: () => void drop(uid) });
  return items;
}

export function reply(m: Message, page: PageState): void {
  page.writing.value = { kind: 'reply', to: m };
  page.focusComposer();
}

export function edit(m: Message, page: PageState): void {
  page.writing.value = { kind: 'edit', message: m };
  page.focusComposer();
}

export async function pin(m: Message, on: boolean, page: PageState): Promise<void> {
  await page.conversation.pin(m.seq, on).catch((e: unknown) => toast(explain(e)));
}

export async function copy(list: Message[]): Promise<void> {
  const text = list.map((m) => plainText(m.content)).filter(Boolean).join('\n');
  try {
    await navigator.clipboard.writeText(text);
    toast(t('common.copied'));
  } catch {
    toast(t('common.copyFailed'));
  }
}

/** keyOn is what a key does with the message that the keyboard is at. True: it did something. */
export function keyOn(e: KeyboardEvent, m: Message, page: PageState): boolean {
  if (e.ctrlKey || e.metaKey || e.altKey) {
    if ((e.ctrlKey || e.metaKey) && e.key === 'c' && !String(getSelection())) return void copy([m]), true;
    return false;
  }
  if (m.seq === 0) return false;
  switch (e.key) {
    case 'r':
      if (page.conversation.canWrite.peek()) reply(m, page);
      return true;
    case 'e':
      if (mayEdit(m)) edit(m, page);
      return true;
    case 'f':
      page.forwarding.value = [m];
      return true;
    case 'Delete':
    case 'Backspace':
      page.deleting.value = [m.seq];
      return true;
    case ' ':
      page.toggle(m.seq);
      return true;
    default:
      return false;
  }
}

/** Whether a message has pictures, for the viewer. */
export const pictures = (m: Message) => toTree(m.content).filter((n) => isMedia(n.tp) && n.tp === 'IM');
