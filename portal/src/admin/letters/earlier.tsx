// Earlier versions of a letter, whose texts can be put into the form again.
import { useEffect, useState } from 'preact/hooks';
import { call } from '../../api';
import { moment } from '../../words';
import { useAdmin } from '../scene';
import { writtenIn, type Earlier as Version, type Wording } from './letters';

const MOST = 20;

export function Earlier({ path, language, current, onUse }: { path: string; language: string; current: number; onUse: (wording: Wording) => void }) {
  const { desk, say, language: mine } = useAdmin();
  const [all, setAll] = useState<Version[] | null>(null);
  useEffect(() => setAll(null), [current]); // there is a newer one than what was listed
  const look = () => void desk.run(async () => setAll((await call<{ versions: Version[] }>('GET', `${path}/history?limit=${MOST}`)).versions));
  return (
    <>
      <h2>{say('history.heading')}</h2>
      {!all && <button type="button" class="second" data-do="history" onClick={look}>{say('history.show')}</button>}
      {all?.length === 0 && <p>{say('history.none')}</p>}
      {all && all.length > 0 && (
        <ol class="list" reversed>
          {all.map(({ version, at, actor, own }) => (
            <li key={version} data-version={version}>
              <p><strong>{say('history.version', { version })}</strong> {moment(mine, at)} <bdi>{actor}</bdi></p>
              {own ? <p {...writtenIn(language)}>{own.subject}</p> : <p>{say('letters.shipped')}</p>}
              {own && <button type="button" class="second" data-do="use" aria-label={`${say('letters.use')}: ${say('history.version', { version })}`} onClick={() => onUse(own)}>{say('letters.use')}</button>}
            </li>
          ))}
        </ol>
      )}
    </>
  );
}
