import { useId } from 'preact/hooks';

export interface TextAreaProps {
  label: string;
  value: string;
  onValue: (value: string) => void;
  hint?: string;
  rows?: number;
  maxLength?: number;
}

// TextArea is a field of several lines.
export function TextArea({ label, value, onValue, hint, rows = 3, maxLength }: TextAreaProps) {
  const id = useId();
  return (
    <div class="field">
      <label class="field-label" for={id}>
        {label}
      </label>
      <div class="field-box">
        <textarea id={id} rows={rows} maxLength={maxLength} value={value} aria-describedby={hint ? `${id}-about` : undefined} onInput={(e) => onValue(e.currentTarget.value)} />
      </div>
      {hint && (
        <p id={`${id}-about`} class="field-hint">
          {hint}
        </p>
      )}
    </div>
  );
}
