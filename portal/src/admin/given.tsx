// What is shown once, to be told to the person: a pass, or a temporary password.
import { useEffect, useRef, useState } from 'preact/hooks';
import { useAdmin } from './scene';

export function Given({ text, lead, onClose }: { text: string; lead: string; onClose: () => void }) {
  const { say } = useAdmin();
  const [copied, setCopied] = useState<'copied' | 'not_copied' | null>(null);
  const at = useRef<HTMLDivElement>(null);
  useEffect(() => at.current?.focus(), [text]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied('copied');
    } catch { // not every browser lets a page do so
      setCopied('not_copied');
    }
  };
  return (
    <div class="notice" id="given" ref={at} tabIndex={-1} role="group" aria-label={lead}>
      <p>{lead}</p>
      <p><code class="given" dir="ltr">{text}</code></p>
      <p>{say('given.once')}</p>
      <div class="actions">
        <button type="button" class="second" data-do="copy" onClick={() => void copy()}>{say('given.copy')}</button>
        <button type="button" class="second" data-do="close" onClick={onClose}>{say('given.close')}</button>
      </div>
      <div role="status">{copied && say(`given.${copied}`)}</div>
    </div>
  );
}
