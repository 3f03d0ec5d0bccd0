// Where the keys that the service offers are not believed: nothing was sent, and no retry mends it.
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
    </Screen>
  );
}
