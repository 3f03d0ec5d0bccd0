// People: found by name, listed, or looked up at the directory.
import { useState } from 'preact/hooks';
import { call } from '../api';
import { Field, Form } from '../fields';
import { Screen } from '../parts';
import { moment } from '../words';
import { PersonPanel, UNSAVED, type Begun } from './person';
import { listed, of, type Page, type Person, type Seen } from './persons';
import { told, useAdmin } from './scene';

function Found({ people, onOpen }: { people: Seen[]; onOpen: (sub: string) => void }) {
  const { say, language } = useAdmin();
  return (
    <ul class="list" id="found">
      {people.map((one) => (
        <li key={one.sub}>
          <button type="button" class="plain" data-sub={one.sub} onClick={() => onOpen(one.sub)}><bdi>{one.name || one.sub}</bdi></button>
          <p><bdi>{one.display_name}</bdi> <span class="hint">{say('people.seen', { time: moment(language, one.seen) })}</span></p>
          <p class="hint">{one.frozen ? `${say('people.frozen')} ` : ''}{(one.registered ?? []).map((kind) => told(say, 'kind', kind)).join(', ')}</p>
        </li>
      ))}
    </ul>
  );
}

export function PeoplePanel() {
  const { desk, say } = useAdmin();
  const [name, setName] = useState('');
  const [empty, setEmpty] = useState(false);
  const [found, setFound] = useState<Seen[] | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const [one, setOne] = useState<Person | null>(() => desk.held<Begun>(UNSAVED)?.one ?? null);
  const wanted = name.trim();
  const search = (by: string, after: string | null = null) => {
    setEmpty(false);
    void desk.run(async () => {
      const page = await call<Page>('GET', listed(by, after));
      setFound(after === null ? page.people : [...(found ?? []), ...page.people]);
      setNext(page.next);
    });
  };
  const open = (sub: string) => void desk.run(async () => setOne(await call<Person>('GET', of(sub))));
  const lookUp = () => {
    setEmpty(wanted === '');
    if (wanted === '') return;
    void desk.run(async () => {
      const { sub } = await call<Seen>('POST', 'people', { name: wanted });
      setOne(await call<Person>('GET', of(sub)));
    });
  };
  const back = () => {
    desk.quiet();
    setOne(null);
  };
  if (one) return <PersonPanel key={one.sub} first={one} onBack={back} />;
  return (
    <Screen heading={say('tab.people')}>
      <p class="lead">{say('people.lead')}</p>
      <Form onSubmit={() => (wanted === '' ? setEmpty(true) : search(wanted))}>
        <Field label={say('people.name')} hint={say('people.hint')} error={empty ? say('people.empty') : undefined} value={name} onValue={setName} name="person" autocomplete="off" autocapitalize="none" spellcheck={false} maxLength={256} />
        <div class="actions">
          <button type="submit" class="main" data-do="search">{say('people.search')}</button>
          <button type="button" class="second" data-do="lookup" onClick={lookUp}>{say('people.lookup')}</button>
          <button type="button" class="second" data-do="all" onClick={() => { setName(''); search(''); }}>{say('people.all')}</button>
        </div>
      </Form>
      <div role="status">{found && <p>{say('people.found', { count: found.length })}</p>}</div>
      {found && found.length > 0 && <Found people={found} onOpen={open} />}
      {found && next !== null && <button type="button" class="second" data-do="more" onClick={() => search(wanted, next)}>{say('more')}</button>}
    </Screen>
  );
}
