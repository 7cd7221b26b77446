import { render } from 'preact';
import { comeBack, takeCode } from './account/providers';
import { App, Broken } from './app/App';
import { features } from './app/features';
import { replace } from './app/router';
import { t } from './i18n';
import { applyPrefs } from './model/prefs';
import { learn } from './model/server';
import { begin, whenIn } from './model/session';
import './model/contacts';
import './ui/theme.css';
import './ui/ui.css';

const root = document.getElementById('app') as HTMLElement;

async function start(): Promise<void> {
  applyPrefs();
  const code = takeCode();
  // Where one user was is nobody else's business.
  whenIn(() => () => replace());
  for (const f of features) if (f.start) whenIn(f.start);
  render(<App />, root);
  try {
    await learn();
    await begin();
    await comeBack(code);
  } catch {
    render(<Broken text={t('error.network')} />, root);
  }
}

void start();
