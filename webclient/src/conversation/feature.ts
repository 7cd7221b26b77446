import type { Feature } from '../app/feature';

export const feature: Feature = {
  places: [{ path: 'c/:topic', column: 'main', load: () => import('./ConversationPage') }],
};
