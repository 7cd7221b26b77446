import { t } from '../i18n';

// Problem is an answer of the server that is no success. The SDK's errors have
// only the code; what else the answer had is added by ask (session.ts).
export class Problem extends Error {
  constructor(
    readonly code: number,
    text: string,
    readonly params: { [key: string]: unknown } = {},
  ) {
    super(text);
    this.name = 'Problem';
  }
}

export const codeOf = (e: unknown): number => (e instanceof Error && 'code' in e ? Number(e.code) : 0);

// isAway tells whether the reason is the network or the server's state, so that
// trying again later makes sense.
export function isAway(e: unknown): boolean {
  const code = codeOf(e);
  return code === 0 || code === 418 || code >= 500; // 418: the SDK's word for a closed connection
}

// explain says it to people.
export function explain(e: unknown): string {
  const code = codeOf(e);
  const params = e instanceof Problem ? e.params : {};
  if (code === 429) return t('error.wait', { n: Number(params.retry) || 1 });
  if (code === 403) return t('error.denied');
  if (code === 404 || code === 410) return t('error.gone');
  if (code === 503 && params.busy) return t('error.busy');
  if (code === 500 || code === 501) return t('error.internal');
  if (isAway(e)) return t('error.network');
  return t('error.other', { text: e instanceof Error ? e.message : String(e) });
}
