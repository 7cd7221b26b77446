// Sound, vibration and a notification while it rings; the sounds are made here,
// so there is no file to fetch.

type Melody = { tones: [hertz: number, at: number, long: number][]; every: number; loud: number }; // seconds
const melodies: { [name: string]: Melody } = {
  incoming: { tones: [[659, 0, 0.35], [784, 0.2, 0.35], [988, 0.4, 0.6]], every: 2.4, loud: 0.22 },
  outgoing: { tones: [[425, 0, 1]], every: 4, loud: 0.07 },
};
const shake = [400, 200, 400, 1_400]; // ms: on, off, …

export interface Alarm {
  sound: 'incoming' | 'outgoing';
  title?: string; // with it: vibration, and a notification if the page is hidden
  text?: string;
  icon?: string | undefined;
}

// ring begins, and returns what ends it all.
export function ring({ sound, title, text, icon }: Alarm): () => void {
  const stops = [play(melodies[sound] as Melody)];
  if (title) stops.push(vibrate(), notify(title, text ?? '', icon));
  return () => stops.forEach((f) => f());
}

function play(m: Melody): () => void {
  let context: AudioContext;
  try {
    context = new AudioContext();
  } catch {
    return () => {}; // no sound here
  }
  void context.resume().catch(() => {}); // browsers may want to see a click first
  const once = () => {
    if (context.state !== 'running') return;
    for (const [hertz, at, long] of m.tones) {
      const begin = context.currentTime + at;
      const tone = context.createOscillator();
      const volume = context.createGain();
      tone.frequency.value = hertz;
      volume.gain.setValueAtTime(0, begin);
      volume.gain.linearRampToValueAtTime(m.loud, begin + 0.03);
      volume.gain.setValueAtTime(m.loud, begin + long * 0.6);
      volume.gain.linearRampToValueAtTime(0, begin + long);
      tone.connect(volume).connect(context.destination);
      tone.start(begin);
      tone.stop(begin + long);
    }
  };
  once();
  const timer = setInterval(once, m.every * 1_000);
  return () => {
    clearInterval(timer);
    void context.close().catch(() => {});
  };
}

function vibrate(): () => void {
  if (!navigator.vibrate || !navigator.userActivation?.hasBeenActive) return () => {}; // refused, with a complaint
  const once = () => void navigator.vibrate(shake);
  once();
  const timer = setInterval(once, shake.reduce((a, b) => a + b));
  return () => {
    clearInterval(timer);
    navigator.vibrate(0);
  };
}

const tag = 'parley-call';

function notify(title: string, body: string, icon = './icon.svg'): () => void {
  if (!document.hidden || typeof Notification === 'undefined' || Notification.permission !== 'granted') return () => {};
  const options: NotificationOptions = { body, icon, tag, requireInteraction: true };
  let shown: Notification | undefined;
  let over = false;
  const byWorker = async () => {
    const worker = await navigator.serviceWorker?.getRegistration();
    if (!worker || over) return;
    await worker.showNotification(title, options);
    if (over) await clear();
  };
  const clear = async () => {
    const worker = await navigator.serviceWorker?.getRegistration();
    for (const n of (await worker?.getNotifications({ tag })) ?? []) n.close();
  };
  try {
    shown = new Notification(title, options);
    shown.onclick = () => {
      focus();
      shown?.close();
    };
  } catch {
    byWorker().catch(() => {}); // phones leave it to the worker
  }
  return () => {
    over = true;
    if (shown) shown.close();
    else clear().catch(() => {});
  };
}
