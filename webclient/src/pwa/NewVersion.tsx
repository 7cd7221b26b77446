import { t } from '../i18n';
import { Button, IconButton, IconClose } from '../ui';
import { useNew, waiting } from './worker';

// NewVersion is a small notice, and no more: it is used after the next reload
// by itself.
export function NewVersion() {
  return (
    <div class="toasts new-version" role="status">
      {waiting.value && (
        <div class="toast">
          <span>{t('pwa.newVersion')}</span>
          <Button kind="plain" class="new-version-load" onClick={useNew}>
            {t('pwa.reload')}
          </Button>
          <IconButton label={t('common.close')} onClick={() => (waiting.value = null)}>
            <IconClose size={18} />
          </IconButton>
        </div>
      )}
    </div>
  );
}
