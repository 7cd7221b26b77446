import { useEffect } from 'preact/hooks';
import { back, link, path, replace } from '../app/router';
import { moveInRows } from '../contacts/ContactList';
import { t } from '../i18n';
import { Bar, IconBack, IconButton, IconForward } from '../ui';
import { sections } from './sections';
import './settings.css';

// Menu lists the sections. Where there is room, the first one is open beside it.
export default function Menu() {
  const open = path.value[1];
  useEffect(() => {
    if (!open && matchMedia('(min-width: 44.01rem)').matches) replace('settings', 'profile');
  }, [open]);
  return (
    <div class="column">
      <Bar
        title={t('settings.title')}
        before={
          <IconButton label={t('common.back')} onClick={() => (open ? replace() : back())}>
            <IconBack />
          </IconButton>
        }
      />
      <ul class="scroll rows" onKeyDown={moveInRows}>
        {sections.map((s, i) => (
          <li key={s.key}>
            <a class="row" href={link('settings', s.key)} aria-current={open === s.key ? 'page' : undefined} tabIndex={open === s.key || (!open && i === 0) ? 0 : -1}>
              <span class="row-icon settings-icon">
                <s.icon />
              </span>
              <span class="row-text">
                <span class="row-title">{t(s.title as 'settings.title')}</span>
                <span class="row-preview">{t(s.text as 'settings.title')}</span>
              </span>
              <IconForward size={18} />
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}
