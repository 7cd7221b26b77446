import type { Ctrl, Topic } from 'tinode-sdk';
import { openTopic } from '../model/session';

// hold keeps a conversation attached as long as it has a call: the server ends
// the call of a session that detaches, and pages detach when another chat is
// opened. What it returns lets go, and detaches if nobody looks there by then.
export function hold(topic: Topic): () => void {
  const leave = topic.leave.bind(topic);
  topic.leave = (unsub) => (unsub ? leave(true) : Promise.resolve({ code: 200, text: 'later', ts: new Date() } satisfies Ctrl));
  return () => {
    delete (topic as { leave?: unknown }).leave; // the class's own again
    if (openTopic.peek() !== topic.name && topic.isSubscribed()) topic.leave().catch(() => {}); // gone already
  };
}
