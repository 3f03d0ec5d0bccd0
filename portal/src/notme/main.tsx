// The page behind the link in letters ("this wasn't me"): it asks first, since mail scanners follow links, too.
import { render } from 'preact';
import { useMemo } from 'preact/hooks';
import { speak } from '../api';
import { Frame, useLanguage } from '../frame';
import { SceneOf, Screen } from '../parts';
import '../style.css';
import { languageOf, load, speaker, type Language, type Say } from '../words';
import { Report, type View } from './report';

function shown({ stage, text }: View, desk: Report, say: Say) {
  switch (stage) {
    case 'ask': return (
      <Screen heading={say('notme.heading')} first>
        <p class="lead">{say('notme.lead')}</p>
        <p>{say('notme.what')}</p>
        <button type="button" class="main" id="report" onClick={() => void desk.report()}>{say('notme.report')}</button>
        <button type="button" class="plain" id="keep" onClick={desk.itWasMe}>{say('notme.keep')}</button>
      </Screen>
    );
    case 'stopped': return <Screen heading={say('notme.stopped')}><p dir="auto">{text}</p><p>{say('done.close')}</p></Screen>;
    case 'kept': return <Screen heading={say('notme.kept')}><p>{say('done.close')}</p></Screen>;
    case 'expired': return <Screen heading={say('notme.expired')}><p class="refused" data-code="link_expired" dir="auto">{text}</p></Screen>;
    case 'no_link': return <Screen heading={say('notme.no_link')}><p class="refused" data-code="no_link">{say('notme.no_link.text')}</p></Screen>;
  }
}

function Page({ desk, view, initial }: { desk: Report; view: View; initial: Language }) {
  const [language, setLanguage] = useLanguage(initial);
  const scene = useMemo(() => ({ desk, view, language, say: speaker(language) }), [view, language]);
  return (
    <SceneOf.Provider value={scene}>
      <Frame title={scene.say('notme.title')} screen={view.stage} onLanguage={setLanguage}>{shown(view, desk, scene.say)}</Frame>
    </SceneOf.Provider>
  );
}

const root = document.getElementById('page')!;
let initial: Language = 'en';
const show = (view: View): void => render(<Page desk={desk} view={view} initial={initial} />, root);
const desk: Report = new Report((view) => { if (root.hasChildNodes()) show(view); });
desk.open(); // before anything is waited for: the secret leaves the address bar
addEventListener('hashchange', () => { desk.open(); void desk.lookAround(); });
initial = await load(languageOf(location.search, navigator.languages));
speak(initial);
show(desk.view);
void desk.lookAround();
