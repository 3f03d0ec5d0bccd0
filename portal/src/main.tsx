// The page of a reset: which screen, around it language, refusals, waiting, and the way out.
import { render } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { speak } from './api';
import { Desk, type View } from './desk';
import { Refused, SceneOf, Waiting, type Scene } from './parts';
import { Password } from './password';
import { Choice, Code, Done, Ended, Methods, Name, Over, Questions, Stopped, Wait } from './screens';
import './style.css';
import { LANGUAGES, languageOf, speaker, type Language, type Say } from './words';

function screenOf({ session, stop, choosing, ended }: View): string {
  if (stop) return 'stopped';
  if (!session) return ended ? 'ended' : 'name';
  if (session.phase !== 'proving') return session.phase;
  if (choosing || !session.current) return `methods-${session.passed.length}`;
  return session.current;
}

function shown(screen: string, say: Say, first: boolean) {
  switch (screen) {
    case 'stopped': return <Stopped />;
    case 'ended': return <Ended />;
    case 'name': return <Name first={first} />;
    case 'app_code': case 'email': return <Code />;
    case 'questions': return <Questions />;
    case 'choosing': return <Choice />;
    case 'new_password': return <Password />;
    case 'writing': return <Wait heading={say('wait.heading')} />;
    case 'done': return <Done />;
    case 'over': return <Over />;
    default: return <Methods />;
  }
}

function Languages({ language, onChange }: { language: Language; onChange: (to: Language) => void }) {
  return (
    <label class="languages">
      <span class="unseen">{speaker(language)('language')}</span>
      <select value={language} onChange={(event) => onChange(event.currentTarget.value as Language)}>
        {Object.entries(LANGUAGES).map(([code, { name }]) => <option key={code} value={code} lang={code}>{name}</option>)}
      </select>
    </label>
  );
}

function Lost() {
  return (
    <SceneOf.Consumer>{({ desk, say }) => (
      <div class="refused" data-code="offline">
        <h1>{say('offline.heading')}</h1>
        <p>{say('offline.text')}</p>
        <button type="button" class="main" onClick={() => void desk.look()}>{say('retry')}</button>
      </div>
    )}</SceneOf.Consumer>
  );
}

function Page({ desk, view, initial }: { desk: Desk; view: View; initial: Language }) {
  const [language, setLanguage] = useState(initial);
  const [first, setFirst] = useState(true);
  const scene: Scene = useMemo(() => ({ desk, view, language, say: speaker(language) }), [view, language]);
  const { say } = scene;
  const screen = screenOf(view);
  useEffect(() => { if (screen !== 'name') setFirst(false); }, [screen]);
  useEffect(() => {
    speak(language);
    document.documentElement.lang = language;
    document.title = say('title');
  }, [language]);
  const change = (to: Language) => {
    const here = new URL(location.href);
    here.searchParams.set('mkt', to);
    history.replaceState(null, '', here); // the fragment stays: it holds the root
    setLanguage(to);
  };
  return (
    <SceneOf.Provider value={scene}>
      <header><span>{say('title')}</span><Languages language={language} onChange={change} /></header>
      <main data-screen={screen} data-busy={view.busy ?? undefined}>
        <div role="alert">{view.offline && <Lost />}</div>
        <div hidden={view.offline}>
          <div key={screen}>{shown(screen, say, first)}</div>
          <Refused />
          <Waiting />
        </div>
      </main>
      <footer>
        {view.session && <p>{say('helpdesk')} <code id="correlation">{view.session.id}</code></p>}
        {screen !== 'name' && screen !== 'writing' && <button type="button" class="plain" id="again" onClick={desk.restart}>{say('again')}</button>}
      </footer>
    </SceneOf.Provider>
  );
}

const root = document.getElementById('page')!;
const initial = languageOf(location.search, navigator.languages);
speak(initial);
const desk: Desk = new Desk((view) => render(<Page desk={desk} view={view} initial={initial} />, root));
render(<Page desk={desk} view={desk.view} initial={initial} />, root);
void desk.open();
