// deviceName makes of what a client says of itself ("ParleyWeb/1.0 (Chrome/140;
// Linux x86_64); tinodejs/0.25") what people call a device: "Chrome, Linux".
// Everything in it may be invented.
export function deviceName(ua: string | undefined, platform: string | undefined): string {
  const text = (ua ?? '').slice(0, 200);
  const inside = text.match(/\(([^)]*)\)/)?.[1] ?? '';
  const [first = '', second = ''] = inside.split(';').map((s) => s.trim());
  const browser = (second && !systemOf(first) ? first : '').replace(/\/.*/, '') || text.split(/[/\s(;]/)[0] || '';
  const system = systemOf(first) || systemOf(second) || systemOf(platform ?? '');
  return [browser, system].filter(Boolean).join(', ');
}

function systemOf(s: string): string {
  if (/android/i.test(s)) return 'Android';
  if (/iphone|ipad|ios/i.test(s)) return 'iOS';
  if (/mac/i.test(s)) return 'macOS';
  if (/win/i.test(s)) return 'Windows';
  if (/linux|x11/i.test(s)) return 'Linux';
  return '';
}
