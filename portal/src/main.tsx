// The page of a reset: which screen, and the way out.
import { render } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { speak } from './api';
import { Desk, type View } from './desk';
import { Frame, useLanguage } from './frame';
import { Reference, SceneOf } from './parts';
import { Password } from './password';
import { Choice, Code, Done, Ended, Methods, Name, Over, Pass, Questions, Wait } from './screens';
import { Stopped } from './stopped';
import type { Scene } from './scene';
import './style.css';
import { languageOf, load, speaker, type Language, type Say } from './words';

function screenOf({ session, stop, choosing, ended }: View): string {
  if (stop) return 'stopped';
  if (!session) return ended ? 'ended' : 'name';
  if (session.phase !== 'proving') return session.phase;
  if (choosing || !session.current) return `methods-${session.passed.length}`;
  return session.current;
}

function shown(screen: string, stop: string | null, say: Say, first: boolean) {
  switch (screen) {
    case 'stopped': return <Stopped code={stop ?? ''} />;
    case 'ended': return <Ended />;
    case 'name': return <Name first={first} />;
    case 'app_code': case 'email': return <Code />;
    case 'pass': return <Pass />;
    case 'questions': return <Questions />;
    case 'choosing': return <Choice />;
    case 'new_password': return <Password />;
    case 'writing': return <Wait heading={say('wait.heading')} />;
    case 'done': return <Done />;
    case 'over': return <Over />;
    default: return <Methods />;
  }
}

function Page({ desk, view, initial }: { desk: Desk; view: View; initial: Language }) {
  const [language, setLanguage] = useLanguage(initial);
  const [first, setFirst] = useState(true);
  const scene: Scene = useMemo(() => ({ desk, view, language, say: speaker(language) }), [view, language]);
  const { say } = scene;
  const screen = screenOf(view);
  useEffect(() => { if (screen !== 'name') setFirst(false); }, [screen]);
  useEffect(() => { void desk.reword(language); }, [language, view.busy === null]);
  const footer = (
    <>
      {view.number && <Reference number={view.number} />}
      {view.session && !['writing', 'done'].includes(screen) && (view.helped ? <p id="helped" role="status" dir="auto" lang={view.helped.language}>{view.helped.text}</p>
        : <button type="button" class="plain" id="help" onClick={() => void desk.help()}>{say('help')}</button>)}
      {screen !== 'name' && screen !== 'writing' && <button type="button" class="plain" id="again" onClick={desk.restart}>{say('again')}</button>}
    </>
  );
  return (
    <SceneOf.Provider value={scene}>
      <Frame title={say('title')} screen={screen} onLanguage={setLanguage} footer={footer}>{shown(screen, view.stop, say, first)}</Frame>
    </SceneOf.Provider>
  );
}

const root = document.getElementById('page')!;
let initial: Language = 'en';
const show = (view: View): void => render(<Page desk={desk} view={view} initial={initial} />, root);
const desk: Desk = new Desk(show); // before anything is waited for: a link's secret leaves the address bar
addEventListener('hashchange', () => location.reload()); // another link in the same tab is begun with anew
initial = await load(languageOf(location.search, navigator.languages));
speak(initial);
show(desk.view);
void desk.lookAround();
void desk.open();
