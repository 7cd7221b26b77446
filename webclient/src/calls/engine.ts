import { signal } from '@preact/signals';
import { t } from '../i18n';
import { contact } from '../model/contacts';
import { sdk } from '../model/session';
import { toast } from '../ui';
import { Call } from './call';

// What is loaded when there is a call. There is one at a time.
export { CallView } from './CallView';

export const current = signal<Call | null>(null);

function begin(call: Call): void {
  current.peek()?.close();
  current.value = call;
}
const gone = (call: Call) => () => {
  if (current.peek() === call) current.value = null;
};

const isBusy = () => !!current.peek() && current.peek()?.phase.peek() !== 'ended';

// place calls somebody.
export function place(topic: string, video: boolean): void {
  if (isBusy()) return toast(t('calls.inCall'));
  const call: Call = new Call(topic, video, 0, () => gone(call)());
  begin(call);
  void call.place();
}

// ring is a call that comes in. Who is on another one is busy: the protocol has
// no word for it but declining.
export function ring(topic: string, seq: number, video: boolean): void {
  if (isBusy()) {
    if (current.peek()?.topic === topic) return; // both call each other: see Call.place
    sdk().videoCall(topic, seq, 'hang-up');
    toast(t('calls.waiting', { name: contact(topic)?.title ?? t('common.nobody') }));
    return;
  }
  const call: Call = new Call(topic, video, seq, () => gone(call)());
  begin(call);
  call.ring();
}

// stopAll ends what there is: the user logs out.
export function stopAll(): void {
  current.peek()?.hangUp();
  current.peek()?.close();
}

addEventListener('pagehide', () => current.peek()?.hangUp());
