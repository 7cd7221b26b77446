import { useMemo } from 'preact/hooks';
import { qr } from './qr';

const quiet = 4; // modules of margin, which readers need

// QR is the code of a text, black on white in both themes.
export function QR({ text, label }: { text: string; label: string }) {
  const { size, d } = useMemo(() => {
    const modules = qr(text);
    const dark = modules.flatMap((row, y) => row.map((on, x) => (on ? `M${x} ${y}h1v1h-1z` : ''))).join('');
    return { size: modules.length, d: dark };
  }, [text]);
  const side = size + 2 * quiet;
  return (
    <svg role="img" aria-label={label} width="14rem" height="14rem" viewBox={`${-quiet} ${-quiet} ${side} ${side}`} shape-rendering="crispEdges">
      <rect x={-quiet} y={-quiet} width={side} height={side} fill="#fff" rx="2" />
      <path d={d} fill="#000" />
    </svg>
  );
}
