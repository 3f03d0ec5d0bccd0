// The screens of a reset but for the password's: one thing each.
import { useEffect, useState } from 'preact/hooks';
import type { Method } from './api';
import { APP_DIGITS, CodeForm, MAIL_DIGITS } from './code';
import { Field, Form, Tick } from './fields';
import { Screen, usePast } from './parts';
import { useScene } from './scene';
import { UnknownDomain } from './stopped';
import { later, seconds } from './words';

export function Name({ first }: { first: boolean }) {
  const { desk, view, say } = useScene();
  const [name, setName] = useState(view.name);
  useEffect(() => { if (view.linked) setName(view.name); }, [view.linked]);
  const [empty, setEmpty] = useState(false);
  const go = () => {
    setEmpty(name.trim() === '');
    if (name.trim() !== '') void desk.begin(name.trim());
  };
  return (
    <Screen heading={say('name.heading')} first={first}>
      <p class="lead">{say(view.linked ? 'name.linked' : 'name.lead')}</p>
      <UnknownDomain />
      <Form onSubmit={go}>
        <Field label={say('name.label')} hint={say('name.hint')} error={empty ? say('name.empty') : undefined} value={name} onValue={(text) => { setName(text); desk.typing(); }}
          name="username" autocomplete="username" autocapitalize="none" spellcheck={false} inputMode="email" maxLength={256} />
        <button type="submit" class="main">{say('name.next')}</button>
      </Form>
    </Screen>
  );
}

function Step() {
  const { view, say } = useScene();
  const { required, passed } = view.session!;
  if (required < 2) return null;
  return <p class="step">{say('step', { step: Math.min(passed.length + 1, required), steps: required })}</p>;
}

export function Methods() {
  const { desk, view, say } = useScene();
  const { methods, passed } = view.session!;
  const left = methods.filter((method) => !passed.includes(method));
  return (
    <Screen heading={say(passed.length > 0 ? 'method.second' : 'method.heading')}>
      <Step />
      {left.length === 0 && <p>{say('method.none')}</p>}
      <ul class="choices">
        {left.map((method: Method) => (
          <li key={method}>
            <button type="button" data-method={method} onClick={() => void desk.choose(method)}>
              <strong>{say(`method.${method}`)}</strong>
              <span>{say(`method.${method}.hint`)}</span>
            </button>
          </li>
        ))}
      </ul>
    </Screen>
  );
}

function Another() {
  const { desk, view, say } = useScene();
  const { methods, passed, current } = view.session!;
  if (!methods.some((method) => method !== current && !passed.includes(method))) return null;
  return <button type="button" class="plain" onClick={() => desk.another()}>{say('another')}</button>;
}

export function Code() {
  const { desk, view, say, language } = useScene();
  const { current, resend_from: from = 0 } = view.session!;
  const again = usePast(from);
  return (
    <Screen heading={say(current === 'email' ? 'code.email' : 'code.app')}>
      <Step />
      {current === 'email' && <p class="lead">{say('code.email.lead')}</p>}
      <CodeForm digits={current === 'email' ? MAIL_DIGITS : APP_DIGITS} onCode={(code) => void desk.answer({ code })} />
      {current === 'email' && (again
        ? <button type="button" class="plain" onClick={() => void desk.choose('email')}>{say('code.again')}</button>
        : <p class="hint">{say('code.again_from', { time: later(language, from) })}</p>)}
      <Another />
    </Screen>
  );
}

// What a helpdesk has told on the phone: twelve characters, in fours.
export function Pass() {
  const { desk, say } = useScene();
  return (
    <Screen heading={say('code.pass')}>
      <Step />
      <p class="lead">{say('code.pass.lead')}</p>
      <CodeForm shape={/^[0-9A-Za-z]{12}$/} label={say('code.pass.label')} empty={say('code.pass.empty')} onCode={(code) => void desk.answer({ code })} />
      <Another />
    </Screen>
  );
}

export function Questions() {
  const { desk, view, say } = useScene();
  const { questions = [], language } = view.session!;
  const [answers, setAnswers] = useState<Record<string, string>>({});
  const [shown, setShown] = useState(false);
  const [tried, setTried] = useState(false);
  const of = (id: string) => answers[id] ?? '';
  const go = () => {
    setTried(true);
    if (questions.every(({ id }) => of(id).trim() !== '')) void desk.answer({ answers: questions.map(({ id }) => ({ question: id, answer: of(id) })) });
  };
  return (
    <Screen heading={say('questions.heading')}>
      <Step />
      <Form onSubmit={go}>
        {questions.map(({ id, text }) => (
          <Field key={id} label={text} spoken={language} error={tried && of(id).trim() === '' ? say('questions.empty') : undefined} value={of(id)} onValue={(given) => setAnswers((was) => ({ ...was, [id]: given }))}
            name={id} type={shown ? 'text' : 'password'} autocomplete="off" autocapitalize="none" spellcheck={false} />
        ))}
        <Tick label={say('questions.show')} on={shown} onChange={setShown} />
        <button type="submit" class="main">{say('code.next')}</button>
      </Form>
      <Another />
    </Screen>
  );
}

export function Choice() {
  const { desk, view, say } = useScene();
  return (
    <Screen heading={say('choice.heading')}>
      {view.session!.locked && <p class="notice">{say('choice.locked')}</p>}
      <ul class="choices">
        {(['reset', 'unlock'] as const).map((choice) => (
          <li key={choice}>
            <button type="button" data-choice={choice} onClick={() => void desk.pick(choice)}>
              <strong>{say(`choice.${choice}`)}</strong>
              <span>{say(`choice.${choice}.hint`)}</span>
            </button>
          </li>
        ))}
      </ul>
    </Screen>
  );
}

/** Nothing but what is waited for; and where that failed, the way to go on. */
export function Wait({ heading }: { heading: string }) {
  const { desk, view, say } = useScene();
  return <Screen heading={heading}>{view.problem && !view.busy && <button type="button" class="main" onClick={() => void desk.look()}>{say('retry')}</button>}</Screen>;
}

export function Ended() {
  const { say } = useScene();
  return <Screen heading={say('over.expired')}>{null}</Screen>; // the refusal below it says the rest
}

export function Done() {
  const { view, say, language } = useScene();
  const { result } = view.session!;
  const unlocked = result?.unlocked_only ?? false;
  return (
    <Screen heading={say(unlocked ? 'done.unlocked' : 'done.heading')}>
      {result && result.code !== 'applied' && <p class="good" dir="auto" lang={view.session!.language}>{result.text}</p>}
      {view.tookMs !== null && <p class="took">{say('done.took', { seconds: seconds(language, view.tookMs) })}</p>}
      {!unlocked && <ul><li>{say('done.now')}</li><li>{say('done.laptop')}</li><li>{say('done.phone')}</li></ul>}
      <p>{say('done.close')}</p>
    </Screen>
  );
}

export function Over() {
  const { view, say, language } = useScene();
  const end = view.session!.end!;
  const doubt = end.code === 'in_doubt';
  return (
    <Screen heading={say(doubt ? 'over.doubt' : end.code === 'session_expired' ? 'over.expired' : 'over.heading')}>
      <p class="refused" data-code={end.code} dir="auto" lang={view.session!.language}>{end.undated ?? end.text}</p>
      {doubt && <p>{say('over.doubt.try')}</p>}
      {end.until !== undefined && <p>{say('until', { time: later(language, end.until) })}</p>}
    </Screen>
  );
}
