import type { Feature } from '../app/feature';
import { NotifyBanner } from './NotifyBanner';
import { start as notify } from './notify';
import { start as send } from './outbox';

export const feature: Feature = {
  places: [{ path: 'c/:topic', column: 'main', early: true, load: () => import('./ConversationPage') }],
  overlay: NotifyBanner,
  start: () => {
    const ends = [send(), notify()];
    return () => ends.forEach((end) => end());
  },
};
