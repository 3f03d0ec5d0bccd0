// What asks once more before it does anything: a button, or a question of its own.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useAdmin, useFocusKept } from './scene';

/** The question, which has the focus. `why`: what would be lost by a yes. */
export function Asked({ name, label, what, why, onYes, onNo }: { name: string; label: string; what: string; why?: string; onYes: () => void; onNo: () => void }) {
  const { say } = useAdmin();
  const yes = useRef<HTMLButtonElement>(null);
  const at = useRef<HTMLSpanElement>(null);
  useEffect(() => yes.current?.focus(), []);
  useFocusKept(at);
  return (
    <span ref={at} class="actions" role="group" aria-label={`${label} ${what}`}>
      <span>{label}? {why} {say('sure')}</span>
      <button type="button" ref={yes} class="second" data-do={`${name}-yes`} onClick={onYes}>{say('sure.yes')}</button>
      <button type="button" class="plain" data-do={`${name}-no`} onClick={onNo}>{say('sure.no')}</button>
    </span>
  );
}

export function Sure({ name, label, what, why, plain = false, onYes }: { name: string; label: string; what: string; why?: string; plain?: boolean; onYes: () => void }) {
  const [asked, setAsked] = useState(false);
  const opener = useRef<HTMLButtonElement>(null), was = useRef(false);
  useLayoutEffect(() => { // after a yes, too: what follows may take the focus from here
    if (was.current && !asked) opener.current?.focus();
    was.current = asked;
  }, [asked]);
  useFocusKept(opener);
  if (!asked) return <button type="button" ref={opener} class={plain ? 'plain' : 'second'} data-do={name} aria-label={what ? `${label}: ${what}` : undefined} onClick={() => setAsked(true)}>{label}</button>;
  return <Asked name={name} label={label} what={what} why={why} onYes={() => { setAsked(false); onYes(); }} onNo={() => setAsked(false)} />;
}
