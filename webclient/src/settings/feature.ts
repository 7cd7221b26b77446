import type { Feature } from '../app/feature';
import { IconSettings } from '../ui/icons';
import { watchTyping } from './prefs';

export const feature: Feature = {
  places: [
    { path: 'settings', column: 'side', label: 'settings.title', load: () => import('./Menu') },
    { path: 'settings/:section', column: 'main', label: 'settings.title', load: () => import('./SettingsPage') },
  ],
  entries: [{ menu: 'account', label: 'settings.title', icon: IconSettings, to: ['settings'], order: 10 }],
  start: watchTyping,
};
