import { useEffect } from 'preact/hooks';
import { t } from '../i18n';
import { go, path, replace } from '../app/router';
import { phase } from '../model/session';
import { product, server } from '../model/server';
import { Loading } from '../ui';
import { Forgot } from './Forgot';
import { LogIn } from './LogIn';
import { signingIn } from './providers';
import { SecondStep } from './SecondStep';
import { SignUp } from './SignUp';
import './account.css';

const pages = ['login', 'signup', 'forgot'];
let wanted: string[] = []; // where somebody was going who had to log in first

// Account is what somebody sees who is not logged in.
export function Account() {
  const page = pages.includes(path.value[0] ?? '') ? path.value[0] : 'login';
  useEffect(() => {
    wanted = pages.includes(path.peek()[0] ?? '') ? [] : path.peek();
    return () => {
      if (phase.peek() === 'in') replace(...wanted);
    };
  }, []);
  const info = server.value;
  return (
    <main class="account">
      <div class="account-card">
        <header class="account-head">
          <Logo />
          <p>{info?.product ?? product()}</p>
        </header>
        {!info || signingIn.value ? (
          <Loading />
        ) : phase.value === 'second' ? (
          <SecondStep />
        ) : page === 'signup' && info.registration !== 'closed' ? (
          <SignUp info={info} />
        ) : page === 'forgot' && info.reset.length > 0 ? (
          <Forgot info={info} />
        ) : (
          <LogIn info={info} />
        )}
      </div>
    </main>
  );
}

function Logo() {
  return (
    <svg width="3.5rem" height="3.5rem" viewBox="0 0 64 64" aria-hidden="true">
      <path fill="var(--accent)" d="M10 8h34a8 8 0 0 1 8 8v16a8 8 0 0 1-8 8H26L12 52V40h-2a8 8 0 0 1-8-8V16a8 8 0 0 1 8-8z" />
      <path fill="var(--on-accent)" d="M14 20h26v4H14zm0 8h18v4H14z" />
    </svg>
  );
}

// Elsewhere leads to another of these pages.
export function Elsewhere({ to, children }: { to: 'login' | 'signup' | 'forgot'; children: preact.ComponentChildren }) {
  return (
    <a
      class="account-link"
      href={`#/${to}`}
      onClick={(e) => {
        e.preventDefault();
        go(to);
      }}
    >
      {children}
    </a>
  );
}

export const orLine = () => <p class="account-or">{t('account.or')}</p>;
