import { entries } from '../app/features';
import { go } from '../app/router';
import { unsent } from '../conversation/outbox';
import { t } from '../i18n';
import { profile } from '../model/contacts';
import { theme } from '../model/prefs';
import { logOut, myID } from '../model/session';
import { Avatar, confirm, IconArchive, IconLogOut, IconMoon, IconSettings, IconSun, openMenu, type MenuItem } from '../ui';

// AccountMenu is the own picture at the head of the list, with what belongs to
// the whole page behind it.
export function AccountMenu() {
  const { name, photo } = profile.value;
  return (
    <button type="button" class="account-menu" aria-label={t('shell.account')} title={name || t('shell.account')} aria-haspopup="menu" onClick={(e) => openMenu(items(), t('shell.account'), e.currentTarget)}>
      <Avatar id={myID.value} name={name} photo={photo} size={36} />
    </button>
  );
}

function items(): MenuItem[] {
  const list: MenuItem[] = entries('account').map((e) => ({ label: t(e.label as 'common.menu'), icon: <e.icon size={20} />, onSelect: e.run ?? (() => go(...e.to)) }));
  list.push({ label: t('contacts.archived'), icon: <IconArchive size={20} />, onSelect: () => go('archived') });
  const themes = [
    ['system', 'theme.system', IconSettings],
    ['light', 'theme.light', IconSun],
    ['dark', 'theme.dark', IconMoon],
  ] as const;
  for (const [key, label, Icon] of themes) {
    list.push({ label: t(label), icon: <Icon size={20} />, checked: theme.peek() === key, line: key === 'system', onSelect: () => void (theme.value = key) });
  }
  list.push({ label: t('account.logOut'), icon: <IconLogOut size={20} />, danger: true, line: true, onSelect: () => void logOutAsked() });
  return list;
}

export async function logOutAsked(): Promise<void> {
  const n = unsent.peek();
  const sure = await confirm({
    title: t('account.logOutSure'),
    text: n > 0 ? `${t('account.unsent', { n })} ${t('account.logOutText')}` : t('account.logOutText'),
    yes: t('account.logOut'),
    danger: n > 0,
  });
  if (sure) await logOut();
}
