import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { t } from '../i18n';
import { local } from '../model/storage';
import { panelID, Tabs } from '../ui';
import { useEscape, useLayer } from '../ui/layer';
import { type Emoji, find, type Group, groupNames, listOf } from './find';
import { SearchInput } from './SearchInput';
import './emoji.css';

const kept = 'emoji';
const most = 27;
const recent = (): Emoji[] => (local.get<Emoji[]>(kept) ?? []).filter((e) => typeof e?.text === 'string');

// A choice of all emoji; onPick may be called many times.
export default function EmojiPicker({ onPick, onClose }: { onPick: (text: string) => void; onClose: () => void }) {
  const [query, setQuery] = useState('');
  const [group, setGroup] = useState<Group | 'recent'>(recent().length ? 'recent' : 'smileys');
  const box = useRef<HTMLDivElement>(null);
  useLayer(onClose);
  useEscape(onClose);
  // On a screen to touch, its keyboard would cover the emoji.
  useEffect(() => {
    if (!matchMedia('(pointer: coarse)').matches) box.current?.querySelector('input')?.focus();
  }, []);
  const shown = useMemo(() => (query.trim() ? find(query) : group === 'recent' ? recent() : listOf(group)), [query, group]);
  const pick = (e: Emoji) => {
    local.put(kept, [e, ...recent().filter((x) => x.text !== e.text)].slice(0, most));
    onPick(e.text);
  };
  const keys = (e: KeyboardEvent) => {
    const grid = box.current?.querySelector('.emoji-grid');
    const all = [...(grid?.children ?? [])] as HTMLElement[];
    const now = all.indexOf(document.activeElement as HTMLElement);
    if (now < 0) {
      if (e.key === 'ArrowDown' && e.target instanceof HTMLInputElement) {
        e.preventDefault();
        all[0]?.focus();
      }
      if (e.key === 'Enter' && e.target instanceof HTMLInputElement && query && shown[0]) {
        e.preventDefault();
        pick(shown[0]);
      }
      return;
    }
    const columns = getComputedStyle(grid!).gridTemplateColumns.split(' ').length;
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[e.key];
    if (!step) return;
    e.preventDefault();
    if (now + step < 0) box.current?.querySelector('input')?.focus();
    else all[Math.min(all.length - 1, now + step)]?.focus();
  };
  const label = (g: Group | 'recent') => t(`emoji.${g}`);
  const tabs = (recent().length ? ['recent' as const, ...groupNames] : groupNames).map((g) => ({ key: g, label: label(g) }));
  return (
    <div ref={box} class="emoji" role="dialog" aria-label={t('emoji.title')} onKeyDown={keys}>
      <SearchInput label={t('emoji.search')} value={query} onValue={setQuery} />
      {!query && <Tabs id="emoji" label={t('emoji.title')} tabs={tabs} chosen={group} onChoose={setGroup} />}
      <div
        class="emoji-grid scroll"
        {...(query ? { role: 'group', 'aria-label': t('emoji.found') } : { role: 'tabpanel', id: panelID('emoji'), 'aria-label': label(group) })}
      >
        {shown.map((e, i) => (
          <button key={e.text} type="button" tabIndex={i ? -1 : 0} aria-label={e.name} title={e.name} onClick={() => pick(e)}>
            {e.text}
          </button>
        ))}
        {query && !shown.length && <p class="emoji-none">{t('emoji.none')}</p>}
      </div>
    </div>
  );
}
