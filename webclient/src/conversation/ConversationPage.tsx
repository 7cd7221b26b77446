import type { PageProps } from '../app/feature';
import { Gate } from '../groups/Gate';
import { Conversation } from './Conversation';

export default function ConversationPage({ params }: PageProps) {
  const topic = params.topic ?? '';
  return (
    <Gate key={topic} name={topic}>
      <Conversation topic={topic} />
    </Gate>
  );
}
