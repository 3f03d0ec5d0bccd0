// One person: what is known of them, their methods, and what a helpdesk can do for them.
import { useState } from 'preact/hooks';
import { call } from '../api';
import { Screen } from '../parts';
import { day, moment } from '../words';
import { Given } from './given';
import { of, temporaryPassword, type Person } from './persons';
import { told, useAdmin, useUnsaved } from './scene';
import { Sure } from './sure';
import type { AdminKey } from './words';

function Facts({ one }: { one: Person }) {
  const { say, language } = useAdmin();
  const facts: [AdminKey, string | null][] = [
    ['person.display', one.display_name], ['person.mail', one.mail], ['person.sub', one.sub], ['person.seen', moment(language, one.seen)],
    ['person.confirmed', one.confirmed ? day(language, one.confirmed) : null],
    ['person.barrier', one.barrier ? told(say, 'reason', one.barrier) : say('person.free')],
    ['person.blocked', one.blocked_until ? moment(language, one.blocked_until) : null],
    ['person.frozen', one.frozen ? moment(language, one.frozen) : null], ['person.pass_until', one.pass_until ? moment(language, one.pass_until) : null],
    ['person.administrator', one.administrator ? say('person.administrator.yes') : null],
  ];
  return <dl>{facts.filter(([, text]) => text).map(([key, text]) => <><dt>{say(key)}</dt><dd dir="auto" data-fact={key.slice(7)}>{text}</dd></>)}</dl>;
}

function Methods({ one, onRemove }: { one: Person; onRemove: (id: string) => void }) {
  const { say, language } = useAdmin();
  return (
    <>
      <h2>{say('person.methods')}</h2>
      {one.methods.length === 0 ? <p>{say('person.no_methods')}</p> : (
        <ul class="list" id="methods">
          {one.methods.map(({ id, kind, label, made }) => (
            <li key={id} data-method={kind}>
              <p><strong>{told(say, 'kind', kind)}</strong> <bdi>{label}</bdi> <span class="hint">{say('home.since', { date: day(language, made) })}</span></p>
              <Sure name="remove" label={say('person.remove')} what={`${told(say, 'kind', kind)} ${label}`} onYes={() => onRemove(id)} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Minutes({ onPass }: { onPass: (minutes: number) => void }) {
  const { say, language } = useAdmin();
  const [minutes, setMinutes] = useState(60);
  const hours = new Intl.NumberFormat(language, { style: 'unit', unit: 'hour', unitDisplay: 'long' });
  return (
    <div class="actions">
      <label>{say('act.pass.for')} <select name="minutes" value={minutes} onChange={(event) => setMinutes(Number(event.currentTarget.value))}>
        {[1, 4, 8, 24].map((one) => <option key={one} value={one * 60}>{hours.format(one)}</option>)}
      </select></label>
      <Sure name="pass" label={say('act.pass')} what="" onYes={() => onPass(minutes)} />
    </div>
  );
}

export const UNSAVED = 'people';
type GivenOnce = { kind: 'pass' | 'password'; text: string; lead: string };
/** What is shown once, or on its way, and whose it is. */
export interface Begun {
  one: Person;
  given: GivenOnce | null;
}
type Done = { news: AdminKey; values?: Record<string, string | number> };

export function PersonPanel({ first, onBack }: { first: Person; onBack: () => void }) {
  const { desk, say, language } = useAdmin();
  const [one, setOne] = useState(first);
  const [done, setDone] = useState<Done | null>(null);
  const [given, setGiven] = useState<GivenOnce | null>(() => desk.held<Begun>(UNSAVED)?.given ?? null);
  const [making, setMaking] = useState(false);
  const open = given !== null || making;
  useUnsaved(UNSAVED, open ? { one, given } satisfies Begun : null);
  const act = (what: () => Promise<Done | void>, busy: 'answer' | 'seal' = 'answer') => {
    setDone(null);
    void desk.run(async () => {
      setDone(await what() ?? null);
      setOne(await call<Person>('GET', of(one.sub)));
    }, busy);
  };
  const give = (made: () => Promise<GivenOnce>, busy?: 'seal') => act(async () => {
    setMaking(true);
    try { setGiven(await made()); } finally { setMaking(false); }
  }, busy);
  const pass = (minutes: number) => give(async () => {
    const { pass: text, expires, barrier } = await call<{ pass: string; expires: number; barrier: string | null }>('POST', of(one.sub, '/pass'), { minutes });
    const still = barrier ? ` ${say('given.barrier', { reason: told(say, 'reason', barrier) })}` : '';
    return { kind: 'pass', text, lead: say('given.pass', { time: moment(language, expires) }) + still };
  });
  const password = () => give(async () => {
    const made = await temporaryPassword(one.sub);
    return { kind: 'password', text: made.password, lead: say(made.done ? 'given.password' : 'given.doubt') };
  }, 'seal');
  const simple = (path: string, news: AdminKey) => act(async () => { await call('POST', of(one.sub, path)); return { news }; });
  return (
    <Screen heading={one.name || one.sub}>
      {open ? <p><Sure name="back" plain label={say('person.back')} what="" why={say('unsaved')} onYes={onBack} /></p> : <button type="button" class="plain" data-do="back" onClick={onBack}>{say('person.back')}</button>}
      <div role="status">{done && <p class="good" data-news={done.news}>{say(done.news, done.values)}</p>}</div>
      {given && <Given text={given.text} lead={given.lead} opener={`[data-do=${given.kind}]`} onClose={() => setGiven(null)} />}
      <Facts one={one} />
      <Methods one={one} onRemove={(id) => act(async () => { await call('DELETE', of(one.sub, `/methods/${encodeURIComponent(id)}`)); return { news: 'act.removed' }; })} />
      <h2>{say('act.heading')}</h2>
      <p class="hint">{say('act.pass.hint')}</p>
      <Minutes onPass={pass} />
      {one.pass_until && <p><Sure name="take-pass" label={say('act.take_pass')} what="" onYes={() => act(async () => { await call('DELETE', of(one.sub, '/pass')); setGiven((was) => (was?.kind === 'pass' ? null : was)); return { news: 'act.pass_taken' }; })} /></p>}
      <p class="hint">{say('act.link.hint')}</p>
      <p><Sure name="link" label={say('act.link')} what="" onYes={() => act(async () => ({ news: 'act.linked', values: { count: (await call<{ sent: number }>('POST', of(one.sub, '/reset-link'))).sent } }))} /></p>
      <p class="hint">{say('act.password.hint')}</p>
      <p><Sure name="password" label={say('act.password')} what="" onYes={password} /></p>
      <p class="hint">{say('act.unblock.hint')}</p>
      <p><Sure name="unblock" label={say('act.unblock')} what="" onYes={() => act(async () => ({ news: 'act.unblocked', values: { count: (await call<{ lifted: number }>('POST', of(one.sub, '/unblock'))).lifted } }))} /></p>
      <p class="hint">{say('act.freeze.hint')}</p>
      <p>{one.frozen
        ? <Sure name="thaw" label={say('act.thaw')} what="" onYes={() => simple('/thaw', 'act.thawed')} />
        : <Sure name="freeze" label={say('act.freeze')} what="" onYes={() => simple('/freeze', 'act.frozen')} />}</p>
    </Screen>
  );
}
