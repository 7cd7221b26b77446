import { computed, signal } from '@preact/signals';
import { en } from './en';

// t returns a text in the language of the page. Components that call it are
// rendered again when the language changes.

export type Plural = { readonly other: string } & { readonly [form in Intl.LDMLPluralRule]?: string };
export type Catalogue = { readonly [K in keyof typeof en]: (typeof en)[K] extends string ? string : Plural };
export type Key = keyof typeof en;

type Names<S> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
type Forms<E> = E extends string ? E : E[keyof E];
type Values<K extends Key> = Names<Forms<(typeof en)[K]>>;
type Args<K extends Key> = [Values<K>] extends [never] ? [] : [{ [N in Values<K>]: N extends 'n' ? number : string | number }];

// languages are those that can be chosen, by their own names. To add one: its
// catalogue in a file of that name, and two lines here.
export const languages = {
  en: 'English',
  es: 'Español',
  fr: 'Français',
  pt: 'Português',
  de: 'Deutsch',
  ru: 'Русский',
  'zh-CN': '简体中文',
} as const;
export type Language = keyof typeof languages;

const catalogues: { [L in Language]: () => Promise<Catalogue> } = {
  en: () => Promise.resolve(en),
  es: () => import('./es').then((m) => m.es),
  fr: () => import('./fr').then((m) => m.fr),
  pt: () => import('./pt').then((m) => m.pt),
  de: () => import('./de').then((m) => m.de),
  ru: () => import('./ru').then((m) => m.ru),
  'zh-CN': () => import('./zh-CN').then((m) => m.zhCN),
};

export const language = signal<Language>('en');
// locale is the language as it is spoken where the browser is: for dates and times.
export const locale = computed(() => regional(language.value, globalThis.navigator?.languages ?? []));
const catalogue = signal<Catalogue>(en);
const plurals = computed(() => new Intl.PluralRules(language.value));
const numbers = computed(() => new Intl.NumberFormat(language.value));

export function t<K extends Key>(key: K, ...args: Args<K>): string {
  return fill(catalogue.value[key], args[0] as { [name: string]: string | number } | undefined);
}

export function fill(entry: string | Plural, values: { [name: string]: string | number } = {}): string {
  const text = typeof entry === 'string' ? entry : (entry[plurals.value.select(Number(values.n))] ?? entry.other);
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === 'number' ? numbers.value.format(value) : value;
  });
}

// bestLanguage is the first of the wanted ones that there is: "pt-BR" finds pt,
// "zh-TW" finds zh-CN rather than English.
export function bestLanguage(wanted: readonly string[], known: readonly string[] = Object.keys(languages)): Language {
  for (const tag of wanted) {
    const base = tag.split('-')[0]?.toLowerCase();
    const found =
      known.find((l) => l.toLowerCase() === tag.toLowerCase()) ?? known.find((l) => l.split('-')[0]?.toLowerCase() === base);
    if (found) return found as Language;
  }
  return 'en';
}

// regional is the first of the wanted languages that is this one, in the same
// script: "en-GB" for en.
export function regional(of: Language, wanted: readonly string[]): string {
  const about = (tag: string) => {
    const { language, script } = new Intl.Locale(tag).maximize();
    return `${language}-${script}`;
  };
  return wanted.find((tag) => valid(tag) && about(tag) === about(of)) ?? of;
}
const valid = (tag: string): boolean => {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(tag).length > 0;
  } catch {
    return false; // no tag at all
  }
};

// setLanguage switches the page once the catalogue is there. It fails if that
// cannot be loaded; the language then stays.
export async function setLanguage(to: Language): Promise<void> {
  const loaded = await catalogues[to]();
  catalogue.value = loaded;
  language.value = to;
  document.documentElement.lang = to;
}
