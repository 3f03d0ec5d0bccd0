// A letter as the service would write it, as the text that it is: nothing of it is mark-up here.
import { useEffect, useRef } from 'preact/hooks';
import { useAdmin, useFocusKept } from '../scene';
import { writtenIn, type Rendered } from './letters';

export function Preview({ shown, language, onSave, onBack }: { shown: Rendered; language: string; onSave: () => void; onBack: () => void }) {
  const { say } = useAdmin();
  const at = useRef<HTMLHeadingElement>(null);
  const whole = useRef<HTMLElement>(null), next = useRef('');
  useEffect(() => at.current?.focus(), []);
  useFocusKept(whole, next);
  return (
    <section ref={whole} class="part" id="preview">
      <h2 ref={at} tabIndex={-1}>{say('letters.preview.heading')}</h2>
      <p class="hint">{say('letters.preview.lead')}</p>
      <p {...writtenIn(language)}><strong>{shown.subject}</strong></p>
      <pre {...writtenIn(language)}>{shown.text}</pre>
      <button type="button" class="main" data-do="save" onClick={onSave}>{say('preview.save')}</button>
      <button type="button" class="plain" data-do="edit" onClick={() => { next.current = '[data-do=preview]'; onBack(); }}>{say('preview.back')}</button>
    </section>
  );
}
