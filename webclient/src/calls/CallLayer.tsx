import { engine } from './watch';

// CallLayer shows the call that there is, over everything.
export function CallLayer() {
  const m = engine.value;
  const call = m?.current.value;
  return m && call ? <m.CallView key={call.key} call={call} /> : null;
}
