import type { Prepared } from '../files/prepare';
import type { Recording } from '../files/record';
import { apiPath, headers } from '../files/upload';
import { Problem } from '../model/problem';
import { ask, type Wx } from './wx';

const shortest = 1_000; // ms: WeChat refuses what is shorter
const stepMillis = 80;

// recorder records with WeChat, which ends a recording after a minute by itself. The
// server fetches it from there (docs/bridges.md) and gives it back as a file.
export const recorder =
  (wx: Wx, voice: string) =>
  async (onLevel: (level: number, millis: number) => void, onFull: () => void): Promise<Recording> => {
    let ended = '';
    wx.onVoiceRecordEnd({
      complete: (r) => {
        ended = r.localId;
        onFull();
      },
    });
    await ask(wx, 'startRecord', {}, 60_000); // the user may be asked
    const start = Date.now();
    const timer = setInterval(() => onLevel(0.5, Date.now() - start), stepMillis); // WeChat does not tell how loud it is
    const stop = async () => {
      clearInterval(timer);
      return ended || ((await ask(wx, 'stopRecord')).localId ?? '');
    };
    return {
      async finish() {
        const duration = Date.now() - start;
        const localId = await stop();
        if (duration < shortest || !localId) return undefined;
        const { serverId } = await ask(wx, 'uploadVoice', { localId, isShowProgressTips: 0 });
        return await fetched(voice, serverId ?? '', duration);
      },
      cancel: () => void stop().catch(() => {}),
    };
  };

// fetched has the server fetch what WeChat keeps, and reads it for this page.
async function fetched(voice: string, id: string, duration: number): Promise<Prepared> {
  const answer = await fetch(voice, {
    method: 'POST',
    headers: { ...headers(), 'Content-Type': 'application/json' },
    body: JSON.stringify({ media_id: id }),
  });
  const { ctrl } = (await answer.json()) as { ctrl: { code: number; text: string; params?: { url: string; mime: string; duration: number } } };
  const p = ctrl.params;
  if (!answer.ok || typeof p?.url !== 'string') throw new Problem(ctrl.code, ctrl.text);
  const ref = new URL(p.url, new URL(apiPath('file/s/'), location.origin)).pathname;
  const bytes = await fetch(ref, { headers: headers() });
  if (!bytes.ok) throw new Problem(bytes.status, bytes.statusText);
  const mime = (p.mime.split(';')[0] as string).trim();
  const file = new Blob([await bytes.arrayBuffer()], { type: mime });
  return { kind: 'audio', file, name: `voice.${mime === 'audio/amr' ? 'amr' : (mime.split('/')[1] ?? 'bin')}`, mime, duration: p.duration || duration, ref };
}
