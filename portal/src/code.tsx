// One field for a code, and what is the same wherever one is asked for: what can't be one is told before anybody is asked, and a wrong
// one is typed anew.
import { useEffect, useRef, useState } from 'preact/hooks';
import { Field, Form } from './fields';
import { useAround } from './parts';
import { plain } from './typed';

export const APP_DIGITS = 6, MAIL_DIGITS = 8;

/** So many digits; or, without `digits`, a text of that shape with words of its own. */
type Asked = { onCode: (code: string) => void } & ({ digits: number } | { digits?: undefined; shape: RegExp; label: string; empty: string });
export function CodeForm(asked: Asked) {
  const { view, say } = useAround();
  const { digits, onCode } = asked;
  const numeric = digits !== undefined;
  const { shape, label, empty } = numeric
    ? { shape: new RegExp(`^\\d{${digits}}$`), label: say('code.label', { count: digits }), empty: say('code.empty', { count: digits }) }
    : asked;
  const [text, setText] = useState('');
  const [bad, setBad] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (view.problem?.code !== 'wrong_answer') return;
    setText('');
    box.current?.querySelector('input')?.focus();
  }, [view.problem]);
  const go = () => {
    const code = plain(text);
    setBad(!shape.test(code));
    if (shape.test(code)) onCode(code);
  };
  return (
    <Form onSubmit={go}>
      <div ref={box}>
        <Field label={label} error={bad ? empty : undefined} value={text} onValue={setText} class="code" name="code" dir="ltr" autocomplete="one-time-code"
          inputMode={numeric ? 'numeric' : 'text'} autocapitalize="none" spellcheck={false} maxLength={numeric ? 4 * digits : 64} />
      </div>
      <button type="submit" class="main">{say('code.next')}</button>
    </Form>
  );
}
