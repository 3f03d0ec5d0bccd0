// What is shown once, to be told to the person: a pass, or a temporary password.
import { useEffect, useRef, useState } from 'preact/hooks';
import { useAdmin, useFocusKept } from './scene';

/** `opener`: what selects the button that led here, for the focus afterwards. */
export function Given({ text, lead, opener, onClose }: { text: string; lead: string; opener: string; onClose: () => void }) {
  const { say } = useAdmin();
  const [copied, setCopied] = useState<'copied' | 'not_copied' | null>(null);
  const at = useRef<HTMLDivElement>(null);
  const back = useRef(opener);
  useEffect(() => at.current?.focus(), [text]);
  useFocusKept(at, back);
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
