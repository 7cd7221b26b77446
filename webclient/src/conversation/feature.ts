import type { Feature } from '../app/feature';

export const feature: Feature = {
  places: [{ path: 'c/:topic', column: 'main', early: true, load: () => import('./ConversationPage') }],
};
