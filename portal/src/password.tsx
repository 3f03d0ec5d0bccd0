// The new password: typed, pasted or suggested; what the organisation asks for is ticked off meanwhile.
import { useId, useState } from 'preact/hooks';
import type { Offer } from './pins';
import { Field, Form, Screen, Tick } from './parts';
import { generate, hints, namesIn } from './rules';
import { useScene } from './scene';
import { Wait } from './screens';

function Rules({ id, offer, password, name }: { id: string; offer: Offer; password: string; name: string }) {
  const { say } = useScene();
  const { policy, display_name: display } = offer.answer;
  return (
    <div id={id} class="rules">
      <p>{say('password.rules')}</p>
      <ul>
        {hints(password, policy, namesIn(name, display)).map(({ rule, met }) => (
          <li key={rule} data-rule={rule} class={met ? 'met' : 'open'}>
            <span aria-hidden="true">{met ? '✓' : '○'}</span> {say(`rule.${rule}`, { count: Math.max(1, policy.min_length) })}
            <span class="unseen"> ({say(met ? 'rule.met' : 'rule.open')})</span>
          </li>
        ))}
        {offer.history_enforced && policy.history > 0 && <li data-rule="history"><span aria-hidden="true">·</span> {say('rule.history', { count: policy.history })}</li>}
      </ul>
    </div>
  );
}

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
  const { policy, display_name: display } = offer.answer;
  const suggest = () => {
    const one = generate(policy.min_length);
    setFirst(one), setSecond(one), setShown(true), setMade(true), setWrong(null);
  };
  const go = () => {
    const unmet = hints(first, policy, namesIn(view.name, display)).some(({ met, binding }) => binding && !met);
    const no = unmet ? 'password.not_yet' : first !== second ? 'password.differ' : null;
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
        <Rules id={rules} offer={offer} password={first} name={view.name} />
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
