import type { Feature } from '../app/feature';
import { IconChannel, IconGroup } from '../ui/icons';

const info = () => import('./InfoPage');

export const feature: Feature = {
  places: [
    { path: 'c/:topic/info', column: 'panel', load: info },
    { path: 'c/:topic/info/:page', column: 'panel', load: info },
    { path: 'c/:topic/info/:page/:who', column: 'panel', load: info },
    { path: 'new/:what', column: 'side', label: 'new.title', load: () => import('./Create') },
  ],
  entries: [
    { menu: 'new', label: 'group.new', icon: IconGroup, to: ['new', 'group'], order: 10 },
    { menu: 'new', label: 'group.newChannel', icon: IconChannel, to: ['new', 'channel'], order: 20 },
  ],
};
