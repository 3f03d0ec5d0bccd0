// Where the keys that the service offers are not believed: nothing was sent, and nothing on this page mends it. Loaded anew it goes on where the
// person was, once the cause is gone.
import { useState } from 'preact/hooks';
import { Screen, useAround } from './parts';
import { mayKnowADomain } from './pins';
import { isKey } from './words';

/** For the first screen: a browser without any root is told at once, since the last screen could not go on. */
export function UnknownDomain() {
  const { say } = useAround();
  const [known] = useState(() => { try { return mayKnowADomain(); } catch { return false; } });
  return known ? null : <p class="notice">{say('name.no_pin')}</p>;
}

/** `code`: a SealError's. */
export function Stopped({ code }: { code: string }) {
  const { say } = useAround();
  const key = `stop.${code}`;
  return (
    <Screen heading={say('stop.heading')}>
      <p class="refused" data-code={code}>{isKey(key) ? say(key) : null}</p>
      <p>{say('stop.text', { code })}</p>
      <button type="button" class="main" id="anew" onClick={() => location.reload()}>{say('retry')}</button>
    </Screen>
  );
}
