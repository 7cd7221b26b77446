import { effect, signal } from '@preact/signals';
import { bestLanguage, language, type Language, languages, setLanguage } from '../i18n';
import { local } from './storage';

// Preferences of this browser, whoever is logged in.
export type Theme = 'system' | 'light' | 'dark';
export const textSizes = [87.5, 100, 112.5, 125, 150] as const; // per cent

interface Saved {
  theme: Theme;
  textSize: number;
  language?: Language;
}
const saved = { theme: 'system', textSize: 100, ...local.get<Partial<Saved>>('prefs') } as Saved;

export const theme = signal<Theme>(saved.theme);
export const textSize = signal<number>(saved.textSize);
export const chosenLanguage = signal<Language | undefined>(saved.language && saved.language in languages ? saved.language : undefined);

// applyPrefs keeps the page as chosen, and what is chosen in the browser.
export function applyPrefs(): void {
  effect(() => {
    const root = document.documentElement;
    if (theme.value === 'system') delete root.dataset.theme;
    else root.dataset.theme = theme.value;
    root.style.fontSize = `${textSize.value}%`;
    const all: Saved = { theme: theme.value, textSize: textSize.value };
    if (chosenLanguage.value) all.language = chosenLanguage.value;
    local.put('prefs', all);
  });
  effect(() => {
    const wanted = chosenLanguage.value ?? bestLanguage(navigator.languages);
    if (wanted !== language.peek()) setLanguage(wanted).catch(() => {}); // offline: stays
  });
}
