import { afterEach, expect, test } from 'vitest';
import { bestLanguage, fill, language, languages, regional, type Catalogue, type Language } from '.';
import { en } from './en';
import { dayName, shortTime } from './time';

afterEach(() => {
  language.value = 'en';
});

// Files of catalogues, found by themselves: a new one is tested without a change
// here.
const files = import.meta.glob<{ [name: string]: Catalogue }>(['./*.ts', '!./*.test.ts', '!./index.ts', '!./time.ts'], { eager: true });
const catalogues = Object.entries(files).map(([file, m]) => [file.slice(2, -3), (m.default ?? Object.values(m)[0]) as Catalogue] as const);
const names = (entry: unknown): string[] => {
  const texts = typeof entry === 'string' ? [entry] : Object.values(entry as object);
  return [...new Set(texts.flatMap((s: string) => s.match(/\{\w+\}/g) ?? []))].filter((n) => n !== '{n}').sort();
};

test('each language that can be chosen has a file, and each file is a language', () => {
  expect(catalogues.map(([l]) => l).sort()).toEqual(Object.keys(languages).sort());
});

test.each(catalogues)('%s has all texts, with the same values in them', (lang, catalogue) => {
  expect(Object.keys(catalogue).sort()).toEqual(Object.keys(en).sort());
  for (const [key, entry] of Object.entries(catalogue)) {
    const wanted = en[key as keyof typeof en];
    expect(typeof entry, key).toBe(typeof wanted);
    expect(names(entry), key).toEqual(names(wanted));
    for (const text of typeof entry === 'string' ? [entry] : Object.values(entry)) expect(text.trim(), key).toBe(text);
    if (typeof entry === 'string') continue;
    const forms = new Intl.PluralRules(lang).resolvedOptions().pluralCategories;
    expect(Object.keys(entry).filter((f) => !forms.includes(f as Intl.LDMLPluralRule)), `${key}: forms that ${lang} does not have`).toEqual([]);
    expect(Object.keys(entry), key).toContain('other');
  }
});

test('values and plural forms', () => {
  const entry = { one: '{n} apple of {who}', other: '{n} apples of {who}' };
  expect(fill(entry, { n: 1, who: 'Ann' })).toBe('1 apple of Ann');
  expect(fill(entry, { n: 1234, who: '{n}' })).toBe('1,234 apples of {n}');
  expect(fill('no {such} value')).toBe('no {such} value');
});

test('the best of the wanted languages', () => {
  const known = ['en', 'zh-CN', 'pt', 'fr'];
  const best = (...wanted: string[]) => bestLanguage(wanted, known) as string;
  expect(best('de', 'pt-BR', 'en')).toBe('pt');
  expect(best('zh-TW')).toBe('zh-CN');
  expect(best('ja')).toBe('en');
  expect(best()).toBe('en' satisfies Language);
});

test('times as they are written where the browser is, if it speaks the language', () => {
  expect(regional('en', ['de-AT', 'en-GB', 'en-US'])).toBe('en-GB');
  expect(regional('de', ['en-GB'])).toBe('de');
  expect(regional('pt', ['pt-BR'])).toBe('pt-BR');
  expect(regional('zh-CN', ['zh-TW', 'zh-SG'])).toBe('zh-SG'); // another script
  expect(regional('en', ['x', 'no language at all', 'en'])).toBe('en');
});

test('times for lists and separators', () => {
  const now = new Date(2026, 10, 22, 12, 0);
  const at = (...a: [number, number, number, number, number]) => new Date(...a);
  expect(shortTime(at(2026, 10, 22, 9, 5), now)).toMatch(/9:05/);
  expect(shortTime(at(2026, 10, 19, 9, 5), now)).toBe('Thu');
  expect(shortTime(at(2026, 2, 1, 9, 5), now)).toBe('Mar 1');
  expect(shortTime(at(2024, 2, 1, 9, 5), now)).toBe('3/1/2024');
  expect(dayName(at(2026, 10, 22, 0, 1), now)).toBe('Today');
  expect(dayName(at(2026, 10, 21, 23, 59), now)).toBe('Yesterday');
  expect(dayName(at(2026, 9, 30, 9, 5), now)).toBe('Friday, October 30');
});
