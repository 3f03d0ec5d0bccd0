// Earlier versions of the settings, what each has changed, and the way back to one.
import { useEffect, useState } from 'preact/hooks';
import { call, exchange } from '../api';
import { moment } from '../words';
import { told, useAdmin } from './scene';
import { changed, type Version } from './settings';
import { Sure } from './sure';

const MOST = 20;

export function History({ current, onRestored }: { current: number; onRestored: (version: Version) => void }) {
  const { desk, say, language } = useAdmin();
  const [all, setAll] = useState<Version[] | null>(null);
  useEffect(() => setAll(null), [current]); // there is a newer one than what was listed
  const look = () => void desk.run(async () => setAll((await call<{ versions: Version[] }>('GET', `settings/history?limit=${MOST}`)).versions));
  const restore = (version: number) => void desk.run(async () => {
    onRestored(JSON.parse((await exchange('POST', 'settings/restore', { version }, { ifMatch: `"${current}"` })).text) as Version);
  }, 'answer');
  return (
    <>
      <h2>{say('history.heading')}</h2>
      {!all && <button type="button" class="second" data-do="history" onClick={look}>{say('history.show')}</button>}
      {all && all.length === 0 && <p>{say('history.none')}</p>}
      {all && (
        <ol class="list" reversed>
          {all.map((one, index) => (
            <li key={one.version} data-version={one.version}>
              <p><strong>{say('history.version', { version: one.version })}</strong> {moment(language, one.at)} <bdi>{one.actor}</bdi></p>
              {all[index + 1] && <p class="hint">{changed(all[index + 1]!.settings, one.settings).map((name) => told(say, 'setting', name)).join(', ')}</p>}
              {one.version !== current && <Sure name="restore" label={say('history.restore')} what={say('history.version', { version: one.version })} onYes={() => restore(one.version)} />}
            </li>
          ))}
        </ol>
      )}
    </>
  );
}
