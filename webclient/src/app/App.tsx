import { Component, type ComponentChildren } from 'preact';
import { t } from '../i18n';
import { Account } from '../account/Account';
import { myID, phase } from '../model/session';
import { Button, Empty, IconWarning, Loading } from '../ui';
import { Questions } from '../ui/Dialog';
import { Menus } from '../ui/Menu';
import { Toasts } from '../ui/Toast';
import { Shell } from './Shell';

// App is the page, whoever is logged in.
export function App() {
  return (
    <Guard>
      <Page />
      <Questions />
      <Menus />
      <Toasts />
    </Guard>
  );
}

function Page() {
  switch (phase.value) {
    case 'starting':
      return <Loading />;
    case 'in':
      return <Shell key={myID.value} />; // nothing of one user's page is there for the next
    default:
      return <Account />;
  }
}

// Guard shows something when rendering failed, instead of nothing.
class Guard extends Component<{ children?: ComponentChildren }, { failed: boolean }> {
  override state = { failed: false };
  static override getDerivedStateFromError() {
    return { failed: true };
  }
  override componentDidCatch(error: unknown) {
    console.error(error);
  }
  override render() {
    return this.state.failed ? <Broken /> : this.props.children;
  }
}

export function Broken({ text = t('error.broken') }: { text?: string }) {
  return (
    <main>
      <Empty icon={<IconWarning size={40} />} title={text}>
        <Button kind="primary" onClick={() => location.reload()}>
          {t('error.reload')}
        </Button>
      </Empty>
    </main>
  );
}
