import { signal } from '@preact/signals';

// The browser says when the page can be installed, and asks the user if he
// wants that. Firefox and Safari say nothing: there is no entry then.
interface InstallPrompt extends Event {
  prompt(): Promise<unknown>;
}
let offer: InstallPrompt | undefined;
export const canInstall = signal(false);

export function watchInstall(): void {
  addEventListener('beforeinstallprompt', (e) => {
    e.preventDefault(); // not a bar of its own: the entry of the menu
    offer = e as InstallPrompt;
    canInstall.value = true;
  });
  addEventListener('appinstalled', done);
}

function done(): void {
  offer = undefined;
  canInstall.value = false;
}

// install shows the browser's question; an offer is good for once.
export async function install(): Promise<void> {
  const o = offer;
  done();
  await o?.prompt();
}
