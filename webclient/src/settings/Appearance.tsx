import { t, languages, type Language } from '../i18n';
import { chosenLanguage, textSize, textSizes, theme, type Theme } from '../model/prefs';
import { Choice } from '../ui/Choice';
import { Card } from './parts';

// Appearance is about this browser.
export function Appearance() {
  const names = Object.entries(languages) as [Language, string][];
  return (
    <>
      <Card>
        <Choice<Theme>
          label={t('theme.title')}
          chosen={theme.value}
          onChoose={(to) => (theme.value = to)}
          options={[
            { key: 'system', label: t('theme.system') },
            { key: 'light', label: t('theme.light') },
            { key: 'dark', label: t('theme.dark') },
          ]}
        />
      </Card>
      <Card>
        <Choice<number> label={t('look.size')} chosen={textSize.value} onChoose={(to) => (textSize.value = to)} options={textSizes.map((n) => ({ key: n, label: t('look.sizeOf', { n }) }))} />
        <p class="card-sample">{t('look.sample')}</p>
      </Card>
      <Card>
        <Choice<string>
          label={t('language.title')}
          chosen={chosenLanguage.value ?? ''}
          onChoose={(to) => (chosenLanguage.value = to ? (to as Language) : undefined)}
          options={[{ key: '', label: t('look.browserLanguage') }, ...names.map(([key, label]) => ({ key, label }))]}
        />
      </Card>
    </>
  );
}
