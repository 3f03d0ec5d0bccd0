// A token for another agent: the commands that use it, shown once.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { moment } from '../../words';
import { useAdmin } from '../scene';
import { commands, type Token } from './agents';

export function Enrol({ token, onClose }: { token: Token; onClose: () => void }) {
  const { say, language } = useAdmin();
  const [copied, setCopied] = useState<'copied' | 'not_copied' | null>(null);
  const at = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => at.current?.showModal(), []); // which takes the focus, keeps it, and lets Escape close
  const lines = commands(token);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(`${lines}\n`);
      setCopied('copied');
    } catch { // not every browser lets a page do so
      setCopied('not_copied');
    }
  };
  return (
    <dialog id="enrol" ref={at} aria-labelledby="enrol-heading" onClose={onClose}>
      <h2 id="enrol-heading">{say('enrol.heading')}</h2>
      <p>{say('enrol.lead')}</p>
      <pre dir="ltr" tabIndex={0} role="region" aria-label={say('enrol.commands')}><code>{lines}</code></pre>
      <p>{say('enrol.once', { time: moment(language, token.expires) })}</p>
      <p>{say('enrol.then')}</p>
      <div class="actions">
        <button type="button" class="main" data-do="copy" onClick={() => void copy()}>{say('console.copy')}</button>
        <button type="button" class="second" data-do="close" onClick={() => at.current?.close()}>{say('console.close')}</button>
      </div>
      <div role="status">{copied && say(`console.${copied}`)}</div>
    </dialog>
  );
}
