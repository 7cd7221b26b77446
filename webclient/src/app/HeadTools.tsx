import { features } from './features';

// HeadTools are the buttons that features add to the head of a conversation:
// <Bar after={<HeadTools topic={name} />}>.
export function HeadTools({ topic }: { topic: string }) {
  return <>{features.map((f, i) => f.head && <f.head key={i} topic={topic} />)}</>;
}
