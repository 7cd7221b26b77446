import { useId } from 'preact/hooks';
import './forms.css';

export interface ChoiceOption<K extends string | number> {
  key: K;
  label: string;
  hint?: string;
}

// Choice is a list of which one is chosen: radio buttons.
export function Choice<K extends string | number>({ label, options, chosen, onChoose, disabled }: { label: string; options: ChoiceOption<K>[]; chosen: K; onChoose: (key: K) => void; disabled?: boolean }) {
  const id = useId();
  return (
    <fieldset class="choice" disabled={disabled}>
      <legend class="field-label">{label}</legend>
      {options.map((o) => (
        <label key={o.key} class="choice-item">
          <input type="radio" name={id} checked={o.key === chosen} onChange={() => onChoose(o.key)} />
          <span>
            {o.label}
            {o.hint && <span class="field-hint">{o.hint}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
