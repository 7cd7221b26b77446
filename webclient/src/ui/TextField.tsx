import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { t } from '../i18n';
import { IconButton } from './Button';
import { IconClose, IconEye, IconEyeOff, IconSearch } from './icons';

type Native = Omit<JSX.IntrinsicElements['input'], 'label' | 'value' | 'onInput' | 'size'>;

export interface TextFieldProps extends Native {
  label: string;
  value: string;
  onValue: (value: string) => void;
  hint?: string | undefined;
  error?: string | undefined; // shown instead of the hint, and read out
  after?: ComponentChildren; // a button inside the box
}

export function TextField({ label, value, onValue, hint, error, after, ...rest }: TextFieldProps) {
  const id = useId();
  const about = error || hint ? `${id}-about` : undefined;
  const input = useRef<HTMLInputElement>(null);
  // Browsers heed autofocus once for each load. (Dialogs heed it whenever they open.)
  useEffect(() => {
    if (rest.autofocus) input.current?.focus();
  }, []);
  return (
    <div class={`field${error ? ' field-bad' : ''}`}>
      <label class="field-label" for={id}>
        {label}
      </label>
      <div class="field-box">
        <input
          ref={input}
          id={id}
          value={value}
          onInput={(e) => onValue(e.currentTarget.value)}
          aria-invalid={error ? true : undefined}
          aria-describedby={about}
          {...(rest as object)}
        />
        {after}
      </div>
      {error ? (
        <p id={about} class="field-error" role="alert">
          {error}
        </p>
      ) : (
        hint && (
          <p id={about} class="field-hint">
            {hint}
          </p>
        )
      )}
    </div>
  );
}

// PasswordField can show what was typed.
export function PasswordField(props: Omit<TextFieldProps, 'type' | 'after'>) {
  const [plain, setPlain] = useState(false);
  return (
    <TextField
      {...props}
      type={plain ? 'text' : 'password'}
      autocapitalize="off"
      spellcheck={false}
      after={
        <IconButton label={t(plain ? 'account.hidePassword' : 'account.showPassword')} aria-pressed={plain} onClick={() => setPlain(!plain)}>
          {plain ? <IconEyeOff /> : <IconEye />}
        </IconButton>
      }
    />
  );
}

export interface SearchFieldProps extends Native {
  label: string;
  value: string;
  onValue: (value: string) => void;
}

export function SearchField({ label, value, onValue, ...rest }: SearchFieldProps) {
  return (
    <div class="field search-field" role="search" aria-label={label}>
      <div class="field-box">
        <IconSearch size={18} />
        <input
          type="search"
          value={value}
          placeholder={label}
          aria-label={label}
          autocomplete="off"
          enterkeyhint="search"
          onInput={(e) => onValue(e.currentTarget.value)}
          onKeyDown={(e) => {
            if (e.key === 'Escape' && value) {
              e.stopPropagation();
              onValue('');
            }
          }}
          {...(rest as object)}
        />
        {value && (
          <IconButton label={t('contacts.clear')} onClick={() => onValue('')}>
            <IconClose size={18} />
          </IconButton>
        )}
      </div>
    </div>
  );
}
