import { t } from '../i18n';

export function Spinner({ label }: { label?: string }) {
  return label === undefined ? <span class="spinner" aria-hidden="true" /> : <span class="spinner" role="status" aria-label={label} />;
}

// Loading fills the place of what is on its way.
export function Loading() {
  return (
    <div class="empty">
      <Spinner label={t('common.loading')} />
    </div>
  );
}
