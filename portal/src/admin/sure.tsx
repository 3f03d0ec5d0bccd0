// A button that asks once more before it does anything.
import { useEffect, useRef, useState } from 'preact/hooks';
import { useAdmin } from './scene';

export function Sure({ name, label, what, onYes }: { name: string; label: string; what: string; onYes: () => void }) {
  const { say } = useAdmin();
  const [asked, setAsked] = useState(false);
  const yes = useRef<HTMLButtonElement>(null);
  useEffect(() => { if (asked) yes.current?.focus(); }, [asked]);
  if (!asked) return <button type="button" class="second" data-do={name} aria-label={what ? `${label}: ${what}` : undefined} onClick={() => setAsked(true)}>{label}</button>;
  return (
    <span class="actions" role="group" aria-label={`${label} ${what}`}>
      <span>{label}? {say('sure')}</span>
      <button type="button" ref={yes} class="second" data-do={`${name}-yes`} onClick={() => { setAsked(false); onYes(); }}>{say('sure.yes')}</button>
      <button type="button" class="plain" data-do={`${name}-no`} onClick={() => setAsked(false)}>{say('sure.no')}</button>
    </span>
  );
}
