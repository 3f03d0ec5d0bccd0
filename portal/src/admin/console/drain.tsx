// No new jobs for an agent, and jobs again. Of the last one that takes jobs the service refuses it, and it is asked with what would follow.
import { useEffect, useRef } from 'preact/hooks';
import { useAdmin } from '../scene';
import type { Agent } from './agents';

interface Acts {
  onDrain: (force: boolean) => void;
  onResume: () => void;
  onNo: () => void;
}
export function Drain({ agent, domain, last, onDrain, onResume, onNo }: { agent: Agent; domain: string; last: boolean } & Acts) {
  const { say } = useAdmin();
  const host = agent.host || agent.id;
  const no = useRef<HTMLButtonElement>(null), opener = useRef<HTMLButtonElement>(null), was = useRef(false);
  useEffect(() => {
    if (last) no.current?.focus();
    else if (was.current) opener.current?.focus();
    was.current = last;
  }, [last]);
  if (agent.drained) return <button type="button" ref={opener} class="second" data-do="resume" aria-label={`${say('resume')}: ${host}`} onClick={onResume}>{say('resume')}</button>;
  if (!last) return <button type="button" ref={opener} class="second" data-do="drain" aria-label={`${say('drain')}: ${host}`} onClick={() => onDrain(false)}>{say('drain')}</button>;
  return (
    <div class="notice" role="group" aria-label={`${say('drain')}: ${host}`}>
      <p>{say('drain.last', { host, domain })}</p>
      <div class="actions">
        <button type="button" class="second" data-do="drain-yes" onClick={() => onDrain(true)}>{say('drain.yes')}</button>
        <button type="button" ref={no} class="second" data-do="drain-no" onClick={onNo}>{say('revoke.no')}</button>
      </div>
    </div>
  );
}
