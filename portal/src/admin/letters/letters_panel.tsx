// The letters that the service writes, in one language at a time: which are the organisation's own, and the way to each.
import { useId, useState } from 'preact/hooks';
import { call } from '../../api';
import { Screen } from '../../parts';
import { told, useAdmin, useFirstLook } from '../scene';
import { Editor, UNSAVED, type Begun } from './editor';
import { nameOf, type Kind, type Letter, type Letters } from './letters';

export function LettersPanel() {
  const { desk, say, language } = useAdmin();
  const [all, setAll] = useState<Letters | null>(null);
  const [open, setOpen] = useState<{ kind: Kind; letter: Letter; begun?: Begun } | null>(() => {
    const begun = desk.held<Begun>(UNSAVED);
    return begun ? { kind: begun.kind, letter: begun.base, begun } : null;
  });
  const [tongue, setTongue] = useState<string>(open?.letter.language ?? language);
  const id = useId();
  const list = async () => setAll(await call<Letters>('GET', 'letters'));
  const look = () => void desk.run(list);
  useFirstLook(look);
  const edit = (kind: Kind) => void desk.run(async () => setOpen({ kind, letter: await call<Letter>('GET', `letters/${kind.letter}/${tongue}`) }));
  const back = () => void desk.run(async () => {
    setOpen(null);
    await list();
  });
  if (open) return <Editor key={`${open.kind.letter} ${tongue}`} kind={open.kind} letter={open.letter} begun={open.begun} onBack={back} />;
  if (!all) return <Screen heading={say('tab.letters')}><button type="button" class="second" onClick={look}>{say('retry')}</button></Screen>;
  return (
    <Screen heading={say('tab.letters')}>
      <p class="lead">{say('letters.lead')}</p>
      <div class="field">
        <label for={id}>{say('letters.language')}</label>{' '}
        <select id={id} name="letters_language" value={tongue} onChange={(event) => setTongue(event.currentTarget.value)}>
          {all.languages.map((one) => <option key={one} value={one} lang={one}>{nameOf(one)}</option>)}
        </select>
      </div>
      <ul class="choices" id="letters">
        {all.letters.map((kind) => (
          <li key={kind.letter}>
            <button type="button" data-letter={kind.letter} data-own={kind.own.includes(tongue)} onClick={() => edit(kind)}>
              <strong>{told(say, 'letter', kind.letter)}</strong>
              <span>{say(kind.own.includes(tongue) ? 'letters.own' : 'letters.shipped')}</span>
            </button>
          </li>
        ))}
      </ul>
    </Screen>
  );
}
