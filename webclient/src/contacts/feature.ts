import type { Feature } from '../app/feature';
import { IconUserPlus } from '../ui/icons';
import { Archive, ContactList } from './ContactList';
import { OpenLink } from './OpenLink';

export const feature: Feature = {
  places: [
    { path: '', column: 'side', page: ContactList },
    { path: 'archived', column: 'side', label: 'contacts.archived', page: Archive },
    { path: 'new', column: 'side', label: 'new.title', load: () => import('./NewChat') },
    { path: 'invite', column: 'side', label: 'invite.title', load: () => import('./Invite') },
    { path: 'u/:user', column: 'main', page: OpenLink }, // the link of an invitation
  ],
  entries: [{ menu: 'new', label: 'new.invite', icon: IconUserPlus, to: ['invite'], order: 90 }],
};
