// The new password: typed, pasted or suggested; what the organisation asks for is ticked off meanwhile.
import { useId, useState } from 'preact/hooks';
import { Rules, unmet } from './asked_for';
import { Field, Form, Tick } from './fields';
import { Screen } from './parts';
import { generate } from './rules';
import { useScene } from './scene';
import { Wait } from './screens';

export function Password() {
  const { desk, view, say } = useScene();
  const [first, setFirst] = useState('');
  const [second, setSecond] = useState('');
  const [shown, setShown] = useState(false);
  const [made, setMade] = useState(false);
  const [wrong, setWrong] = useState<'password.not_yet' | 'password.differ' | null>(null);
  const rules = useId();
  const { offer, session } = view;
  if (!offer) return <Wait heading={say('password.heading')} />;
  const { policy } = offer.answer;
  const suggest = () => {
    const one = generate(policy.min_length);
    setFirst(one), setSecond(one), setShown(true), setMade(true), setWrong(null);
  };
  const go = () => {
    const no = unmet(first, view.name, offer) ? 'password.not_yet' : first !== second ? 'password.differ' : null;
    setWrong(no);
    if (!no) void desk.submit(first);
  };
  const kind = { type: shown ? 'text' : 'password', autocomplete: 'new-password', autocapitalize: 'none', spellcheck: false, class: 'secret' } as const;
  return (
    <Screen heading={say('password.heading')}>
      <p class="lead">{say('password.lead')}</p>
      <Form onSubmit={go}>
        <input class="unseen" type="text" name="username" autocomplete="username" value={view.name} readOnly tabIndex={-1} aria-hidden="true" />
        <Field label={say('password.label')} value={first} onValue={(text) => { setFirst(text); setMade(false); }} error={wrong === 'password.not_yet' ? say(wrong) : undefined} describedBy={rules} name="new-password" {...kind} />
        <Rules id={rules} asked={offer} password={first} name={view.name} say={say} />
        <Field label={say('password.again')} value={second} onValue={setSecond} error={wrong === 'password.differ' ? say(wrong) : undefined} name="new-password-again" {...kind} />
        <div class="row">
          <Tick label={say('password.show')} on={shown} onChange={setShown} />
          <button type="button" class="plain" onClick={suggest}>{say('password.make')}</button>
        </div>
        <div role="status">{made && <p class="notice">{say('password.made')}</p>}</div>
        <button type="submit" class="main">{say('password.next')}</button>
        <p class="hint">{say('sealed.note')}{session!.passwords_left < 5 && ` ${say('password.left', { count: session!.passwords_left })}`}</p>
      </Form>
    </Screen>
  );
}
