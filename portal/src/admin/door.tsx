// Between the sign-in and the administration: the second proof, and why somebody does not get in.
import { APP_DIGITS, CodeForm, MAIL_DIGITS } from '../code';
import { Screen } from '../parts';
import { useAdmin } from './scene';

function Out() {
  const { desk, say } = useAdmin();
  return <button type="button" class="plain" data-do="out" onClick={() => void desk.signOut()}>{say('home.out')}</button>;
}

export function SecondProof() {
  const { desk, view, say } = useAdmin();
  const app = view.me!.methods.some(({ kind }) => kind === 'app_code');
  const prove = (code: string) => void desk.second(code);
  if (app) return <Screen heading={say('second.heading')}><p class="lead">{say('code.app')}</p><CodeForm digits={APP_DIGITS} onCode={prove} /><Out /></Screen>;
  return (
    <Screen heading={say('second.heading')}>
      <p class="lead">{view.pending ? say('door.mailed', { address: view.pending.label ?? '' }) : say('door.mail')}</p>
      {view.pending && <CodeForm digits={MAIL_DIGITS} onCode={prove} />}
      <button type="button" class={view.pending ? 'plain' : 'main'} data-do="mail" onClick={() => void desk.mailCode()}>{say(view.pending ? 'code.again' : 'door.send')}</button>
      <Out />
    </Screen>
  );
}

export function RegisterFirst() {
  const { say } = useAdmin();
  return <Screen heading={say('door.register.heading')}><p>{say('door.register')}</p><p><a href={`/register${location.search}${location.hash}`}>{say('door.register.go')}</a></p><Out /></Screen>;
}

export function Outside({ frozen }: { frozen: boolean }) {
  const { view, say } = useAdmin();
  return <Screen heading={say('door.outside.heading')}><p>{say(frozen ? 'door.frozen' : 'door.outside', { name: view.me!.name })}</p><Out /></Screen>;
}
