import { IconSearch } from '../ui';

// A field to search in what stands below it. (The one of the design system is a landmark, of
// which a page has one.)
export function SearchInput({ label, value, onValue }: { label: string; value: string; onValue: (value: string) => void }) {
  return (
    <div class="field search-field">
      <div class="field-box">
        <IconSearch size={18} />
        <input type="search" value={value} placeholder={label} aria-label={label} autocomplete="off" onInput={(e) => onValue(e.currentTarget.value)} />
      </div>
    </div>
  );
}
