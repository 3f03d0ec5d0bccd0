// An administrator's second proof, here and before the administration: by the app, else by a code that is mailed when it is wanted.
import type { ComponentChildren } from 'preact';
import { APP_DIGITS, CodeForm, MAIL_DIGITS } from '../code';
import { Screen } from '../parts';
import { useMine } from './scene';

/** `children`: the way out. */
export function SecondProof({ children }: { children: ComponentChildren }) {
  const { desk, view, say } = useMine();
  const prove = (code: string) => void desk.second(code);
  if (view.me!.second === 'app_code') return <Screen heading={say('second.heading')}><p class="lead">{say('code.app')}</p><CodeForm digits={APP_DIGITS} onCode={prove} />{children}</Screen>;
  return (
    <Screen heading={say('second.heading')}>
      <p class="lead">{view.pending ? say('second.mailed', { address: view.pending.label ?? '' }) : say('second.mail')}</p>
      {view.pending && <CodeForm digits={MAIL_DIGITS} onCode={prove} />}
      <button type="button" class={view.pending ? 'plain' : 'main'} data-do="mail" onClick={() => void desk.mailCode()}>{say(view.pending ? 'code.again' : 'second.send')}</button>
      {children}
    </Screen>
  );
}
