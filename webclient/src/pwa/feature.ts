import type { Feature } from '../app/feature';
import { IconDownload } from '../ui/icons';
import { canInstall, install, watchInstall } from './install';
import { keepSeen } from './seen';
import { startWorker } from './worker';
import { NewVersion } from './NewVersion';

watchInstall();
startWorker();

export const feature: Feature = {
  entries: [{ menu: 'account', label: 'pwa.install', icon: IconDownload, to: [], run: () => void install(), shown: () => canInstall.value, order: 80 }],
  overlay: NewVersion,
  start: keepSeen,
};
