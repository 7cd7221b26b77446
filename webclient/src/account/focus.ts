// focusFault puts the cursor into the first field that is not right, once it is
// marked.
export function focusFault(form: { current: HTMLElement | null }): void {
  requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus());
}
