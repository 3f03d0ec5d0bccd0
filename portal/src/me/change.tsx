// One's own new password: because it is wanted, or because the directory wants it.
import { useId, useState } from 'preact/hooks';
import { Rules, unmet } from '../asked_for';
import { Field, Form, Tick } from '../fields';
import { Screen } from '../parts';
import { generate } from '../rules';
import { useMine } from './scene';

const SUGGESTED = 16; // characters at least, where no agent has told how many it must be

export function Change() {
  const { desk, view, say } = useMine();
  const { asked } = view;
  const rules = useId();
  const [old, setOld] = useState('');
  const [first, setFirst] = useState('');
  const [second, setSecond] = useState('');
  const [shown, setShown] = useState(false);
  const [made, setMade] = useState(false);
  const [tried, setTried] = useState(false);
  const same = first !== '' && first === old, differ = first !== second, short = asked !== null && first !== '' && unmet(first, view.name, asked);
  const suggest = () => {
    const one = generate(asked?.answer.policy.min_length ?? SUGGESTED);
    setFirst(one), setSecond(one), setShown(true), setMade(true);
  };
  const go = () => {
    setTried(true);
    if (old !== '' && first !== '' && !same && !short && !differ) void desk.change(old, first);
  };
  const kind = { type: shown ? 'text' : 'password', autocapitalize: 'none', spellcheck: false, class: 'secret' } as const;
  const wrong = !tried ? undefined : first === '' ? say('problem.empty') : same ? say('change.same') : short ? say('password.not_yet') : undefined;
  return (
    <Screen heading={say(view.forced === null ? 'change.heading' : 'change.forced')}>
      {view.forced !== null && <p class="notice" dir="auto">{view.forced}</p>}
      <p class="lead">{say('password.lead')}</p>
      <Form onSubmit={go}>
        <input class="unseen" type="text" name="username" autocomplete="username" value={view.name} readOnly tabIndex={-1} aria-hidden="true" />
        <Field label={say('change.old')} value={old} onValue={setOld} error={tried && old === '' ? say('signin.empty') : undefined} name="old-password" autocomplete="current-password" {...kind} />
        <Field label={say('password.label')} value={first} onValue={(text) => { setFirst(text); setMade(false); }} error={wrong} describedBy={asked ? rules : undefined} name="new-password" autocomplete="new-password" {...kind} />
        {asked && <Rules id={rules} asked={asked} password={first} name={view.name} say={say} />}
        <Field label={say('password.again')} value={second} onValue={setSecond} error={tried && differ ? say('password.differ') : undefined} name="new-password-again" autocomplete="new-password" {...kind} />
        <div class="row">
          <Tick label={say('password.show')} on={shown} onChange={setShown} />
          <button type="button" class="plain" id="suggest" onClick={suggest}>{say('password.make')}</button>
        </div>
        <div role="status">{made && <p class="notice">{say('password.made')}</p>}</div>
        <button type="submit" class="main">{say('change.next')}</button>
        <p class="hint">{say('sealed.note')}</p>
      </Form>
      {view.me && <button type="button" class="plain" id="back" onClick={() => desk.go('home')}>{say('back')}</button>}
    </Screen>
  );
}

export function Changed() {
  const { desk, view, say } = useMine();
  return (
    <Screen heading={say('changed.heading')}>
      {view.text && <p class="good" dir="auto">{view.text}</p>}
      <ul><li>{say('done.now')}</li><li>{say('done.laptop')}</li><li>{say('done.phone')}</li></ul>
      {view.me
        ? <button type="button" class="main" onClick={() => desk.go('home')}>{say('changed.home')}</button>
        : <button type="button" class="main" onClick={() => desk.go('signin')}>{say('changed.signin')}</button>}
    </Screen>
  );
}
