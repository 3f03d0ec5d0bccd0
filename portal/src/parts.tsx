// What every screen is made of.
import type { ComponentChildren } from 'preact';
import { createContext } from 'preact';
import { useContext, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Acting, Shown } from './acting';
import { isKey, later, type Key, type Language, type Say } from './words';

/** What stands around every screen, whatever the page's program is; a page knows its own more exactly (scene.ts). */
export interface Scene {
  desk: Acting<Shown>;
  view: Shown;
  say: Say;
  language: Language;
}
export const SceneOf = createContext<unknown>(null);
export const useAround = () => useContext(SceneOf) as Scene;

/** One screen: its heading takes the focus when the screen comes, except at the page's first. */
export function Screen({ heading, first, children }: { heading: string; first?: boolean; children: ComponentChildren }) {
  const at = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => { if (!first) at.current?.focus(); }, []); // before anybody types: it never takes the focus from a field
  return (
    <section>
      <h1 ref={at} tabIndex={-1}>{heading}</h1>
      {children}
    </section>
  );
}

/** What is being waited for; after five seconds, that it may take longer. */
export function Waiting() {
  const { view, say } = useAround();
  const [long, setLong] = useState(false);
  useEffect(() => {
    setLong(false);
    if (!view.busy) return undefined;
    const timer = setTimeout(() => setLong(true), 5_000);
    return () => clearTimeout(timer);
  }, [view.busy]);
  return (
    <div role="status" class="waiting">
      {view.busy && <><span class="spinner" aria-hidden="true" /> {say(`busy.${view.busy}` as Key)}{long && ` ${say('busy.long')}`}</>}
    </div>
  );
}

/** What was refused: in the service's words, which are in the person's language, or in ours. */
export function Refused() {
  const { view, say, language } = useAround();
  const problem = view.problem ?? view.ended;
  const own = problem && `problem.${problem.code}`;
  const ours = own && isKey(own) ? say(own) : problem?.detail ? null : say('problem.failed');
  const until = view.problem?.until;
  const at = useRef<HTMLDivElement>(null);
  useEffect(() => { if (problem) at.current?.scrollIntoView({ block: 'nearest' }); }, [problem]);
  return (
    <div role="alert" ref={at}>
      {problem && <div class="refused" data-code={problem.code}><p dir="auto" lang={ours ? undefined : problem.language}>{ours ?? problem.detail}</p>{until !== undefined && <p>{say('until', { time: later(language, until) })}</p>}</div>}
    </div>
  );
}

/** What to read out to a helpdesk. */
export function Reference({ number }: { number: string }) {
  const { say } = useAround();
  return <p>{say('helpdesk')} <code id="correlation" dir="ltr">{number}</code></p>;
}

/** True from that moment (Unix seconds) on. */
export function usePast(at: number): boolean {
  const [past, setPast] = useState(at * 1000 <= Date.now());
  useEffect(() => {
    const left = at * 1000 - Date.now();
    setPast(left <= 0);
    if (left <= 0) return undefined;
    const timer = setTimeout(() => setPast(true), left);
    return () => clearTimeout(timer);
  }, [at]);
  return past;
}
