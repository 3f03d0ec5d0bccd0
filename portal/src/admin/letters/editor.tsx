// One letter in one language: a form, the letter as people would get it before anything is saved, what happens when somebody else was
// faster, the shipped text again, and earlier versions.
import { useId, useState } from 'preact/hooks';
import { call, exchange, Problem } from '../../api';
import { Field, Form } from '../../fields';
import { Screen } from '../../parts';
import { moment } from '../../words';
import { told, useAdmin, useUnsaved } from '../scene';
import { Sure } from '../sure';
import { Earlier } from './earlier';
import { cleaned, inBraces, nameOf, same, SUBJECT_MAX, wordingOf, writtenIn, wrongPart, type Kind, type Letter, type Rendered, type Wording } from './letters';
import { Preview } from './preview';

const save = async (method: 'PUT' | 'DELETE', path: string, version: number, wording?: Wording) => JSON.parse((await exchange(method, path, wording, { ifMatch: `"${version}"` })).text) as Letter;

export const UNSAVED = 'letters';
/** What is not saved of a letter. */
export interface Begun {
  kind: Kind;
  base: Letter;
  draft: Wording;
}
export function Editor({ kind, letter, begun, onBack }: { kind: Kind; letter: Letter; begun?: Begun; onBack: () => void }) {
  const { desk, view, say, language } = useAdmin();
  const [base, setBase] = useState(letter);
  const [draft, setDraft] = useState(begun?.draft ?? wordingOf(letter));
  const [shown, setShown] = useState<Rendered | null>(null);
  const [news, setNews] = useState<'letters.saved' | 'letters.restored' | 'settings.nothing' | null>(null);
  const [rival, setRival] = useState<Letter | null>(null);
  const id = useId();
  const path = `letters/${base.letter}/${base.language}`, wrong = wrongPart(view.problem?.code);
  const dirty = !same(base, cleaned(draft));
  useUnsaved(UNSAVED, dirty ? { kind, base, draft } satisfies Begun : null);

  const edit = (to: Partial<Wording>) => { setDraft((was) => ({ ...was, ...to })), setShown(null), setNews(null); };
  const taken = (newest: Letter, what: typeof news = null) => { setBase(newest), setDraft(wordingOf(newest)), setShown(null), setRival(null), setNews(what); };
  const preview = () => {
    setNews(dirty ? null : 'settings.nothing');
    if (dirty) void desk.run(async () => setShown(await call<Rendered>('POST', `${path}/preview`, cleaned(draft))));
  };
  const change = (method: 'PUT' | 'DELETE', what: typeof news) => void desk.run(async () => {
    try {
      taken(await save(method, path, base.version, method === 'PUT' ? cleaned(draft) : undefined), what);
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'precondition_failed') throw error;
      const newest = await call<Letter>('GET', path);
      setBase(newest), setShown(null), setRival(newest);
    }
  }, 'answer');

  return (
    <Screen heading={told(say, 'letter', base.letter)}>
      <p class="lead">{nameOf(base.language)}: {say(base.own ? 'letters.own' : 'letters.shipped')}{base.version > 0 && `. ${say('settings.version', { version: base.version, time: moment(language, base.at), actor: base.actor })}`}</p>
      <div role="status">{news && <p class="good" data-news={news}>{say(news)}</p>}</div>
      <div role="alert">
        {rival && (
          <div class="notice" data-rival>
            <p>{say('letters.rival', { actor: rival.actor, time: moment(language, rival.at) })}</p>
            <button type="button" class="second" data-do="drop" onClick={() => taken(rival)}>{say('settings.drop')}</button>
          </div>
        )}
      </div>
      <Form onSubmit={preview}>
        <Field label={say('letters.subject')} name="subject" type="text" maxLength={SUBJECT_MAX} value={draft.subject} onValue={(subject) => edit({ subject })} {...writtenIn(base.language)} aria-invalid={wrong === 'subject' ? true : undefined} />
        <div class="field">
          <label for={id}>{say('letters.text')}</label>
          <textarea id={id} name="text" rows={14} value={draft.text} onInput={(event) => edit({ text: event.currentTarget.value })} {...writtenIn(base.language)} aria-invalid={wrong === 'text' ? true : undefined} aria-describedby={`${id}-hint`} />
          <p class="hint" id={`${id}-hint`}>
            {say('letters.text.hint')} {say('letters.places', { places: inBraces(kind.placeholders) })} {kind.needed.length > 0 && say('letters.needed', { places: inBraces(kind.needed) })}
          </p>
        </div>
        {!shown && <button type="submit" class="main" data-do="preview">{say('letters.preview')}</button>}
      </Form>
      {shown && <Preview shown={shown} language={base.language} onSave={() => change('PUT', 'letters.saved')} onBack={() => setShown(null)} />}
      <div class="actions">
        {base.own && <Sure name="shipped" label={say('letters.restore')} what="" onYes={() => change('DELETE', 'letters.restored')} />}
        {dirty ? <Sure name="leave" label={say('person.back')} what={say('settings.drop')} onYes={onBack} /> : <button type="button" class="plain" data-do="leave" onClick={onBack}>{say('person.back')}</button>}
      </div>
      <Earlier path={path} language={base.language} current={base.version} onUse={edit} />
    </Screen>
  );
}
