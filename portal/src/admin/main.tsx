// /admin: an organisation's administrators and their helpdesk. Signed in as on /signin; what they may is the service's to say.
import { render } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { speak } from '../api';
import { Frame, useLanguage } from '../frame';
import { Change, Changed } from '../me/change';
import type { View } from '../me/desk';
import { Opening, SignedOut, SignIn } from '../me/signin';
import '../me/style.css';
import { SceneOf } from '../parts';
import { Stopped } from '../stopped';
import '../style.css';
import { languageOf, load, speaker, type Language } from '../words';
import { Audit } from './audit';
import { AgentsPanel } from './console/agents_panel';
import { ReportsPanel } from './console/reports_panel';
import { AdminDesk } from './desk';
import { Outside, RegisterFirst, Second } from './door';
import { LettersPanel } from './letters/letters_panel';
import { PeoplePanel } from './people';
import { placeOf } from './place';
import type { AdminScene } from './scene';
import { SettingsPanel } from './settings_panel';
import { Asked } from './sure';
import './style.css';
import './words'; // its texts are on the shelf before any language is loaded
import type { AdminKey } from './words';

const TABS = ['settings', 'letters', 'people', 'agents', 'reports', 'audit'] as const;
type Tab = (typeof TABS)[number];

function shown(screen: string, view: View, first: boolean) {
  switch (screen) {
    case 'stopped': return <Stopped code={view.stop ?? ''} />;
    case 'opening': return <Opening />;
    case 'change': return <Change />;
    case 'changed': return <Changed />;
    case 'out': return <SignedOut />;
    case 'second': return <Second />;
    case 'register': return <RegisterFirst />;
    case 'outside': case 'frozen': return <Outside frozen={screen === 'frozen'} />;
    case 'settings': return <SettingsPanel />;
    case 'letters': return <LettersPanel />;
    case 'people': return <PeoplePanel />;
    case 'agents': return <AgentsPanel />;
    case 'reports': return <ReportsPanel />;
    case 'audit': return <Audit />;
    default: return <SignIn first={first} lead="signin.lead" />;
  }
}

function Tabs({ scene, tab, onTab }: { scene: AdminScene; tab: Tab; onTab: (to: Tab) => void }) {
  const { desk, say } = scene;
  const [asked, setAsked] = useState<Tab | 'out' | null>(null); // where to, before what is not saved goes
  const nav = useRef<HTMLElement>(null);
  const go = (to: Tab | 'out') => {
    setAsked(null);
    if (to === 'out') void desk.out();
    else onTab(to);
  };
  const turn = (to: Tab | 'out') => (desk.holds && to !== tab ? setAsked(to) : go(to));
  const stay = () => {
    nav.current?.querySelector<HTMLElement>(asked === 'out' ? '[data-do=out]' : `[data-tab=${asked}]`)?.focus();
    setAsked(null);
  };
  const named = (to: Tab | 'out') => say(to === 'out' ? 'home.out' : `tab.${to}`);
  return (
    <nav class="tabs" aria-label={say('tabs')} ref={nav}>
      {TABS.map((one) => <button key={one} type="button" data-tab={one} aria-current={one === tab ? 'page' : undefined} onClick={() => turn(one)}>{named(one)}</button>)}
      <button type="button" data-do="out" onClick={() => turn('out')}>{named('out')}</button>
      {asked && <div class="notice"><Asked key={asked} name="turn" label={named(asked)} what="" why={say('unsaved')} onYes={() => go(asked)} onNo={stay} /></div>}
    </nav>
  );
}

function Page({ desk, view, initial }: { desk: AdminDesk; view: View; initial: Language }) {
  const [language, setLanguage] = useLanguage(initial);
  const [first, setFirst] = useState(true);
  const [tab, setTab] = useState<Tab>('settings');
  const scene: AdminScene = useMemo(() => ({ desk, view, language, say: speaker<AdminKey>(language) }), [view, language]);
  const place = placeOf(view);
  const screen = view.stop ? 'stopped' : place === 'console' ? tab : place;
  useEffect(() => { if (screen !== 'signin') setFirst(false); }, [screen]);
  const turn = (to: Tab) => {
    desk.quiet();
    desk.drop();
    setTab(to);
  };
  return (
    <SceneOf.Provider value={scene}>
      {place === 'console' && !view.stop && <Tabs scene={scene} tab={tab} onTab={turn} />}
      <Frame title={scene.say('admin.title')} screen={screen} onLanguage={setLanguage}>{shown(screen, view, first)}</Frame>
    </SceneOf.Provider>
  );
}

const root = document.getElementById('page')!;
const initial = await load(languageOf(location.search, navigator.languages));
speak(initial);
const desk: AdminDesk = new AdminDesk('home', (view) => render(<Page desk={desk} view={view} initial={initial} />, root));
render(<Page desk={desk} view={desk.view} initial={initial} />, root);
void desk.open();
