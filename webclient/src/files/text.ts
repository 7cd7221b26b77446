import { locale } from '../i18n';

/** "4.2 MB", in the language of the page. */
export function sizeText(bytes: unknown): string {
  let n = Number(bytes);
  if (!(n > 0)) return '';
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;
  let unit = 0;
  while (n >= 1000 && unit < units.length - 1) {
    n /= 1000;
    unit++;
  }
  // Short, bytes have no plural in English.
  return new Intl.NumberFormat(locale.value, { style: 'unit', unit: units[unit]!, unitDisplay: unit ? 'short' : 'long', maximumFractionDigits: n < 10 && unit ? 1 : 0 }).format(n);
}

/** "1:05" of milliseconds. */
export function durationText(ms: unknown): string {
  const seconds = Math.max(0, Math.round(Number(ms) / 1000 || 0));
  const rest = String(seconds % 60).padStart(2, '0');
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${rest}`;
  return `${Math.floor(seconds / 3600)}:${String(Math.floor((seconds % 3600) / 60)).padStart(2, '0')}:${rest}`;
}
