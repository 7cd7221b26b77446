import { t } from '../i18n';
import type { ServerInfo } from '../model/server';
import { Button } from '../ui';
import { leaveFor } from './providers';

export function ProviderButtons({ list }: { list: ServerInfo['providers'] }) {
  return (
    <div class="account-providers">
      {list.map((p) => (
        <Button key={p.name} kind="outline" wide onClick={() => void leaveFor(p.start)}>
          {t('account.withProvider', { name: p.title })}
        </Button>
      ))}
    </div>
  );
}
