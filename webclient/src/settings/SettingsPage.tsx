import type { ComponentType } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { PageProps } from '../app/feature';
import { back } from '../app/router';
import { t } from '../i18n';
import { Bar, IconBack, IconButton } from '../ui';
import { Account } from './Account';
import { Appearance } from './Appearance';
import { Data } from './Data';
import { Devices } from './Devices';
import { Notifications } from './Notifications';
import { Privacy } from './Privacy';
import { Profile } from './Profile';
import { sections } from './sections';
import { TwoFactor } from './TwoFactor';
import './settings.css';

const pages: { [key: string]: ComponentType } = {
  profile: Profile,
  account: Account,
  devices: Devices,
  totp: TwoFactor,
  notifications: Notifications,
  privacy: Privacy,
  appearance: Appearance,
  data: Data,
};

// SettingsPage is one section.
export default function SettingsPage({ params }: PageProps) {
  const section = sections.find((s) => s.key === params.section) ?? sections[0]!;
  const Page = pages[section.key]!;
  const title = t(section.title as 'settings.title');
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    // On a phone the list is gone, and with it what had the focus.
    if (document.activeElement === document.body) button.current?.focus({ preventScroll: true });
  }, [section.key]);
  return (
    <div class="column settings">
      <Bar
        title={title}
        before={
          <IconButton ref={button} class="only-narrow" label={t('common.back')} onClick={() => back('settings')}>
            <IconBack />
          </IconButton>
        }
      />
      <div class="scroll settings-scroll" tabIndex={0} role="group" aria-label={title}>
        <div class="settings-body" key={section.key}>
          <Page />
        </div>
      </div>
    </div>
  );
}
