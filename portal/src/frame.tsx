// Around the screens of every page: language, refusals, waiting, a lost answer, and where it goes on.
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { speak } from './api';
import { paint } from './brand';
import { Refused, useAround, Waiting } from './parts';
import { directionOf, LANGUAGES, load, type Language, type Say } from './words';

/** In another program's window (?embedded=1), which may have no other program behind it: the screen and its language, and nothing that leads out of it. */
export const embedded = new URLSearchParams(location.search).get('embedded') === '1';
if (embedded) document.documentElement.dataset.embedded = '';

/** The language and how to change it; the address keeps it, and its fragment, which may hold the domain's root. */
export function useLanguage(initial: Language): [Language, (to: Language) => void] {
  const [language, set] = useState(initial);
  useLayoutEffect(() => { // before anything is painted in the wrong direction
    speak(language);
    document.documentElement.lang = language;
    document.documentElement.dir = directionOf(language);
  }, [language]);
  const change = async (wanted: Language) => {
    const to = await load(wanted);
    const here = new URL(location.href);
    here.searchParams.set('mkt', to);
    history.replaceState(null, '', here);
    set(to);
  };
  return [language, (to) => void change(to)];
}

function Languages({ language, say, onChange }: { language: Language; say: Say; onChange: (to: Language) => void }) {
  return (
    <label class="languages">
      <span class="unseen">{say('language')}</span>
      <select value={language} onChange={(event) => onChange(event.currentTarget.value as Language)}>
        {Object.entries(LANGUAGES).map(([code, name]) => <option key={code} value={code} lang={code}>{name}</option>)}
      </select>
    </label>
  );
}

/** Whom to turn to; where no link may lead away, as it is written or typed elsewhere. */
function Helpdesk({ at }: { at: string }) {
  const { say } = useAround();
  if (embedded) return <p id="helpdesk">{say('brand.helpdesk')}: <bdi>{at.replace(/^mailto:([^?]*).*$/, '$1')}</bdi></p>;
  return <a id="helpdesk" href={at} target={at.startsWith('https:') ? '_blank' : undefined} rel="noopener noreferrer">{say('brand.helpdesk')}</a>;
}

function Lost() {
  const { desk, say } = useAround();
  return (
    <div class="refused" data-code="offline">
      <h1>{say('offline.heading')}</h1>
      <p>{say('offline.text')}</p>
      <button type="button" class="main" onClick={() => void desk.look()}>{say('retry')}</button>
    </div>
  );
}

interface Parts {
  title: string;
  screen: string;
  onLanguage: (to: Language) => void;
  footer?: ComponentChildren;
  children: ComponentChildren;
}
export function Frame({ title, screen, onLanguage, footer, children }: Parts) {
  const { view, say, language } = useAround();
  const { brand } = view;
  useEffect(() => { document.title = brand.name ? `${title} – ${brand.name}` : title; }, [title, brand.name]);
  useLayoutEffect(() => paint(brand), [brand]);
  return (
    <>
      <header><span class="whose">{brand.logo && <img src={brand.logo} alt="" />}{brand.name && <strong dir="auto">{brand.name}</strong>}<span>{title}</span></span><Languages language={language} say={say} onChange={onLanguage} /></header>
      <main data-screen={screen} data-busy={view.busy ?? undefined}>
        <div role="alert">{view.offline && <Lost />}</div>
        <div hidden={view.offline}>
          <div key={screen}>{children}</div>
          <Refused />
          <Waiting />
        </div>
      </main>
      <footer>
        {footer}
        {brand.text && <p id="own-text" dir="auto">{brand.text}</p>}
        {brand.helpdesk && <Helpdesk at={brand.helpdesk} />}
      </footer>
    </>
  );
}
