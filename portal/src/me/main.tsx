// The pages of somebody who signs in, one program: /signin, /register (where invitations lead) and /change.
import { render } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { speak } from '../api';
import { Frame, useLanguage } from '../frame';
import { Reference, SceneOf } from '../parts';
import { Stopped } from '../stopped';
import '../style.css';
import { languageOf, load, speaker, type Language } from '../words';
import { AddApp, AddEmail, Back } from './add';
import { Change, Changed } from './change';
import { MyDesk, type View } from './desk';
import { Home } from './home';
import { AddQuestions } from './questions';
import type { MyScene } from './scene';
import { SecondProof } from './second';
import { Opening, SignedOut, SignIn } from './signin';
import './style.css';
import './words'; // its texts are on the shelf before any language is loaded
import type { MyKey } from './words';

const path = location.pathname;
const LEAD = path === '/register' ? 'signin.register' : path === '/change' ? 'signin.change' : 'signin.lead';

function shown(view: View, first: boolean) {
  if (view.stop) return <Stopped code={view.stop} />;
  switch (view.stage) {
    case 'opening': return <Opening />;
    case 'signin': return <SignIn first={first} lead={LEAD} />;
    case 'change': return <Change />;
    case 'changed': return <Changed />;
    case 'home': return <Home />;
    case 'app_code': return <AddApp />;
    case 'email': return <AddEmail />;
    case 'questions': return <AddQuestions />;
    case 'second': return <SecondProof><Back /></SecondProof>;
    case 'out': return <SignedOut />;
  }
}

function Page({ desk, view, initial }: { desk: MyDesk; view: View; initial: Language }) {
  const [language, setLanguage] = useLanguage(initial);
  const [first, setFirst] = useState(true);
  const scene: MyScene = useMemo(() => ({ desk, view, language, say: speaker<MyKey>(language) }), [view, language]);
  const screen = view.stop ? 'stopped' : view.stage;
  useEffect(() => { if (screen !== 'signin') setFirst(false); }, [screen]);
  useEffect(() => { void desk.reword(); }, [language]);
  return (
    <SceneOf.Provider value={scene}>
      <Frame title={scene.say('me.title')} screen={screen} onLanguage={setLanguage} footer={view.number && view.stage !== 'out' && <Reference number={view.number} />}>{shown(view, first)}</Frame>
    </SceneOf.Provider>
  );
}

const root = document.getElementById('page')!;
const initial = await load(languageOf(location.search, navigator.languages));
speak(initial);
const desk: MyDesk = new MyDesk(path === '/change' ? 'change' : 'home', (view) => render(<Page desk={desk} view={view} initial={initial} />, root));
render(<Page desk={desk} view={desk.view} initial={initial} />, root);
void desk.lookAround();
void desk.open();
