import type { PageProps } from '../app/feature';
import { Conversation } from './Conversation';

export default function ConversationPage({ params }: PageProps) {
  const topic = params.topic ?? '';
  return <Conversation key={topic} topic={topic} />;
}
