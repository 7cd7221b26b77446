// Notifications of the browser, while a page of ours is open but not looked at. Which
// conversations are muted is the server's business: nothing comes of them.

import { effect, signal } from '@preact/signals';
import { go } from '../app/router';
import { t } from '../i18n';
import { contacts, type Contact } from '../model/contacts';
import { fetchLast } from '../model/chats';
import { local } from '../model/storage';
import { notifyOn, notifyPreview, notifySound } from '../settings/prefs';
import { current } from './current';

const kept = 'notify';
const late = 700; // ms: the text of a message may have to be fetched first

/** Whether the user was asked: '' not yet, 'later' he does not want to be. */
export const asked = signal(local.get<string>(kept) ?? '');
export const permission = signal<NotificationPermission | 'none'>(typeof Notification === 'undefined' ? 'none' : Notification.permission);

/** ask wants a gesture of the user: browsers refuse it otherwise. */
export async function ask(): Promise<void> {
  permission.value = await Notification.requestPermission();
  later();
}
export function later(): void {
  asked.value = 'later';
  local.put(kept, 'later');
}

export function start(): () => void {
  const before = new Map<string, number>(); // unread of each conversation
  const shown = new Map<string, Notification>();
  const timers = new Set<ReturnType<typeof setTimeout>>();
  let first = true;
  const stop = effect(() => {
    const list = contacts.value;
    let total = 0;
    for (const c of list) {
      const was = before.get(c.name) ?? 0;
      before.set(c.name, c.unread);
      if (!c.muted) total += c.unread;
      if (c.unread === 0) {
        shown.get(c.name)?.close();
        shown.delete(c.name);
      } else if (!first && c.unread > was && wanted(c)) {
        void fetchLast(c.name);
        const timer = setTimeout(() => {
          timers.delete(timer);
          show(c.name);
        }, late);
        timers.add(timer);
      }
    }
    if (list.length) first = false;
    badge(total);
  });
  const show = (name: string) => {
    const c = contacts.peek().find((x) => x.name === name);
    if (!c || c.unread === 0 || !wanted(c)) return;
    const text = notifyPreview.peek() && c.last && !c.stale ? (c.last.author ? t('common.about', { name: c.last.author, text: c.last.text }) : c.last.text) : t('contacts.unread', { n: c.unread });
    try {
      const n = new Notification(c.title, { body: text, tag: name, silent: true, icon: c.photo?.startsWith('data:') ? c.photo : './icon.svg' });
      n.onclick = () => {
        focus();
        go('c', name);
        n.close();
      };
      shown.set(name, n);
      if (notifySound.peek()) void import('../settings/sound').then((m) => m.play());
    } catch {
      // phones want a service worker for that
    }
  };
  return () => {
    stop();
    timers.forEach(clearTimeout);
    shown.forEach((n) => n.close());
    badge(0);
  };
}

// wanted: not of what the user has before his eyes.
function wanted(c: Contact): boolean {
  if (permission.peek() !== 'granted' || !notifyOn.peek() || c.muted) return false;
  return document.hidden || !document.hasFocus() || current.peek() !== c.name;
}

function badge(n: number): void {
  const app = navigator as { setAppBadge?: (n: number) => Promise<void>; clearAppBadge?: () => Promise<void> };
  void (n ? app.setAppBadge?.(n) : app.clearAppBadge?.())?.catch(() => {});
}
