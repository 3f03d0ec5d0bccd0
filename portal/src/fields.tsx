// Forms and what is typed or ticked in them.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { useAround } from './parts';

/** The first field that what was sent leaves wrong takes the focus, whether the page found it or the service did. */
export function Form({ onSubmit, children }: { onSubmit: () => void; children: ComponentChildren }) {
  const { view } = useAround();
  const at = useRef<HTMLFormElement>(null);
  const waits = useRef(false); // for what becomes of what was sent: fields that become wrong at any other time leave the focus where somebody types
  const [sent, setSent] = useState(0);
  useEffect(() => {
    const wrong = waits.current && at.current?.querySelector<HTMLElement>('[aria-invalid]');
    if (!wrong) return;
    waits.current = false;
    wrong.focus();
    wrong.closest('.field')?.scrollIntoView({ block: 'nearest' }); // with its words
  }, [sent, view.problem]);
  return (
    <form ref={at} noValidate onSubmit={(event) => { event.preventDefault(); waits.current = true; setSent(sent + 1); onSubmit(); }}>
      {children}
    </form>
  );
}

type InputAttributes = JSX.IntrinsicElements['input'];
/** `spoken`: the label's language, where it is a text of the service or of the organisation. */
export function Field({ label, spoken, hint, error, describedBy, value, onValue, ...more }: { label: string; spoken?: string; hint?: string; error?: string; describedBy?: string; value: string; onValue: (text: string) => void } & InputAttributes) {
  const id = useId();
  const told = [describedBy, hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ');
  return (
    <div class="field">
      <label for={id} lang={spoken} dir={spoken ? 'auto' : undefined}>{label}</label>
      <input id={id} value={value} onInput={(event) => onValue(event.currentTarget.value)} dir="auto" aria-invalid={error ? true : undefined} aria-describedby={told || undefined} {...more} />
      {hint && <p class="hint" id={`${id}-hint`}>{hint}</p>}
      <div aria-live="polite">{error && <p class="error" id={`${id}-error`}>{error}</p>}</div>
    </div>
  );
}

export function Tick({ label, on, onChange }: { label: string; on: boolean; onChange: (on: boolean) => void }) {
  return (
    <label class="tick">
      <input type="checkbox" checked={on} onChange={(event) => onChange(event.currentTarget.checked)} /> {label}
    </label>
  );
}
