// Cutting an agent off for good: asked once more, with the reason that the audit keeps.
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { Form } from '../../fields';
import { useAdmin } from '../scene';
import { REVOCATION_REASONS, type RevocationReason } from './agents';

export function Revoke({ host, onYes }: { host: string; onYes: (reason: RevocationReason | null) => void }) {
  const { say } = useAdmin();
  const [asked, setAsked] = useState(false);
  const [reason, setReason] = useState<RevocationReason | null>(null);
  const at = useRef<HTMLSelectElement>(null), opener = useRef<HTMLButtonElement>(null), was = useRef(false);
  const id = useId();
  useEffect(() => {
    if (asked) at.current?.focus();
    else if (was.current) opener.current?.focus();
    was.current = asked;
  }, [asked]);
  if (!asked) return <button type="button" ref={opener} class="second" data-do="revoke" aria-label={`${say('revoke')}: ${host}`} onClick={() => setAsked(true)}>{say('revoke')}</button>;
  return (
    <div class="notice" role="group" aria-label={`${say('revoke')}: ${host}`}>
      <p><strong>{say('revoke.sure', { host })}</strong> {say('revoke.lead')}</p>
      <Form onSubmit={() => { setAsked(false); onYes(reason); }}>
        <div class="field">
          <label for={id}>{say('revoke.reason')}</label>
          <select id={id} ref={at} name="reason" value={reason ?? ''} onChange={(event) => setReason(REVOCATION_REASONS.find((one) => one === event.currentTarget.value) ?? null)}>
            <option value="">{say('revoke.reason.none')}</option>
            {REVOCATION_REASONS.map((one) => <option key={one} value={one}>{say(`revoke.reason.${one}`)}</option>)}
          </select>
        </div>
        <div class="actions">
          <button type="submit" class="second" data-do="revoke-yes">{say('revoke.yes')}</button>
          <button type="button" class="second" data-do="revoke-no" onClick={() => setAsked(false)}>{say('revoke.no')}</button>
        </div>
      </Form>
    </div>
  );
}
