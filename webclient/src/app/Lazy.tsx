import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { t } from '../i18n';
import { Button, Empty, IconWarning, Loading } from '../ui';
import type { PageProps, Params, Place } from './feature';

const loaded = new Map<Place, ComponentType<PageProps>>();

// Lazy renders a place once its code is there, and offers to try again when that
// cannot be loaded.
export function Lazy({ place, params }: { place: Place; params: Params }) {
  const [, draw] = useState(0);
  const [failed, setFailed] = useState(false);
  const Page = place.page ?? loaded.get(place);
  useEffect(() => {
    if (Page || failed || !place.load) return;
    let current = true;
    place.load().then(
      (m) => {
        loaded.set(place, m.default);
        if (current) draw((n) => n + 1);
      },
      () => current && setFailed(true),
    );
    return () => {
      current = false;
    };
  }, [place, failed]);
  if (Page) return <Page params={params} />;
  if (!failed) return <Loading />;
  return (
    <Empty icon={<IconWarning size={36} />} title={t('error.network')}>
      <Button onClick={() => setFailed(false)}>{t('common.retry')}</Button>
    </Empty>
  );
}
