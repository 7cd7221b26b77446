import { computed } from '@preact/signals';
import { language, locale } from './index';

const formats = computed(() => {
  const f = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale.value, options);
  return {
    clock: f({ hour: 'numeric', minute: '2-digit' }),
    weekday: f({ weekday: 'short' }),
    day: f({ day: 'numeric', month: 'short' }),
    date: f({ year: 'numeric', month: 'numeric', day: 'numeric' }),
    longDay: f({ weekday: 'long', day: 'numeric', month: 'long' }),
    longDate: f({ year: 'numeric', day: 'numeric', month: 'long' }),
    full: f({ dateStyle: 'full', timeStyle: 'short' }),
    relative: new Intl.RelativeTimeFormat(locale.value, { numeric: 'auto' }),
  };
});

const dayOf = (d: Date) => Date.UTC(d.getFullYear(), d.getMonth(), d.getDate()) / 86_400_000;

// clock is the time of day.
export const clock = (d: Date): string => formats.value.clock.format(d);

// fullTime has everything: for tooltips.
export const fullTime = (d: Date): string => formats.value.full.format(d);

// shortTime is for lists: the time today, the weekday this week, else the date.
export function shortTime(d: Date, now = new Date()): string {
  const days = dayOf(now) - dayOf(d);
  const f = formats.value;
  if (days <= 0) return f.clock.format(d);
  if (days < 7) return f.weekday.format(d);
  return d.getFullYear() === now.getFullYear() ? f.day.format(d) : f.date.format(d);
}

// dayName is for separators: today, yesterday, or the day.
export function dayName(d: Date, now = new Date()): string {
  const days = dayOf(now) - dayOf(d);
  const f = formats.value;
  if (days >= 0 && days < 2) return capital(f.relative.format(-days, 'day'));
  return d.getFullYear() === now.getFullYear() ? f.longDay.format(d) : f.longDate.format(d);
}

// ago is "5 minutes ago", "yesterday", or a date.
export function ago(d: Date, now = new Date()): string {
  const seconds = Math.max(0, (now.getTime() - d.getTime()) / 1000);
  const f = formats.value;
  if (seconds < 60) return f.relative.format(0, 'second');
  if (seconds < 3600) return f.relative.format(-Math.floor(seconds / 60), 'minute');
  const days = dayOf(now) - dayOf(d);
  if (days <= 0) return f.relative.format(-Math.floor(seconds / 3600), 'hour');
  if (days < 7) return `${f.relative.format(-days, 'day')}, ${clock(d)}`;
  return f.date.format(d);
}

const capital = (s: string) => s.charAt(0).toLocaleUpperCase(language.value) + s.slice(1);
