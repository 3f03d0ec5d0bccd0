// One's own methods: how far the registration is, what there is, and what can be done about it.
import { useEffect, useRef, useState } from 'preact/hooks';
import { Screen } from '../parts';
import { day } from '../words';
import { useMine } from './scene';
import { addable, needsSecond, type Me } from './shapes';

function Progress({ registration: { required, missing } }: Me) {
  const { say } = useMine();
  if (required === 0) return null;
  return (
    <div class="progress">
      <progress max={required} value={required - missing} aria-label={say('home.progress')} />
      <p class={missing === 0 ? 'good' : undefined}>{missing === 0 ? say('home.enough') : say('home.missing', { count: missing })}</p>
    </div>
  );
}

function Own({ method, fixed }: { method: Me['methods'][number]; fixed: boolean }) {
  const { desk, say, language } = useMine();
  const [sure, setSure] = useState(false);
  const yes = useRef<HTMLButtonElement>(null);
  useEffect(() => { if (sure) yes.current?.focus(); }, [sure]);
  const what = say(`add.${method.kind}`) + (method.label ? ` ${method.label}` : '');
  return (
    <li data-method={method.kind}>
      <strong>{say(`add.${method.kind}`)}</strong> {method.label && <bdi>{method.label}</bdi>}
      <p class="hint">{say('home.since', { date: day(language, method.made) })}</p>
      {!fixed && !sure && <button type="button" class="plain" data-do="remove" aria-label={`${say('home.remove')}: ${what}`} onClick={() => setSure(true)}>{say('home.remove')}</button>}
      {sure && (
        <div class="row" role="group" aria-label={`${say('home.remove.sure')} ${what}`}>
          <span>{say('home.remove.sure')}</span>
          <button type="button" ref={yes} class="plain" data-do="yes" onClick={() => void desk.remove(method.id)}>{say('home.remove.yes')}</button>
          <button type="button" class="plain" data-do="no" onClick={() => setSure(false)}>{say('home.remove.no')}</button>
        </div>
      )}
    </li>
  );
}

function News() {
  const { view, say } = useMine();
  const at = useRef<HTMLParagraphElement>(null);
  useEffect(() => { if (view.news) at.current?.focus(); }, [view.news]);
  return <div role="status">{view.news && <p class="good" ref={at} tabIndex={-1}>{say(`news.${view.news}`)}</p>}</div>;
}

export function Home() {
  const { desk, view, say } = useMine();
  const me = view.me!;
  const fixed = me.frozen || needsSecond(me);
  const kinds = addable(me);
  return (
    <Screen heading={say('home.heading')}>
      <p class="lead">{say('home.name', { name: me.name })}</p>
      <News />
      {me.frozen && <p class="notice">{say('home.frozen')}</p>}
      {!me.frozen && needsSecond(me) && (
        <div class="notice">
          <p>{say('home.second')}</p>
          <button type="button" class="main" data-do="second" onClick={() => desk.go('second')}>{say('home.second.go')}</button>
        </div>
      )}
      <Progress {...me} />
      {me.registration.reconfirm && !fixed && (
        <div class="notice">
          <p>{say('home.reconfirm')}</p>
          <button type="button" class="main" data-do="confirm" onClick={() => void desk.confirm()}>{say('home.confirm')}</button>
        </div>
      )}
      <h2>{say('home.own')}</h2>
      {me.methods.length === 0 ? <p>{say('home.none')}</p> : <ul class="own">{me.methods.map((method) => <Own key={method.id} method={method} fixed={fixed} />)}</ul>}
      {kinds.length > 0 && (
        <>
          <h2>{say('home.add')}</h2>
          <ul class="choices">
            {kinds.map((kind) => (
              <li key={kind}>
                <button type="button" data-add={kind} onClick={() => void desk.add(kind)}>
                  <strong>{say(`add.${kind}`)}</strong>
                  <span>{say(`add.${kind}.hint`)}</span>
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
      <div class="row">
        <button type="button" class="plain" data-do="change" onClick={() => desk.go('change')}>{say('home.change')}</button>
        <button type="button" class="plain" data-do="out" onClick={() => void desk.signOut()}>{say('home.out')}</button>
      </div>
    </Screen>
  );
}
