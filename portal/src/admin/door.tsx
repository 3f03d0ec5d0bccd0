// Between the sign-in and the administration: the second proof, and why somebody does not get in.
import { SecondProof } from '../me/second';
import { Screen } from '../parts';
import { useAdmin } from './scene';
import { Sure } from './sure';

function Out() {
  const { desk, say } = useAdmin();
  if (desk.holds) return <p><Sure name="out" plain label={say('home.out')} what="" why={say('unsaved')} onYes={() => void desk.signOut()} /></p>;
  return <button type="button" class="plain" data-do="out" onClick={() => void desk.signOut()}>{say('home.out')}</button>;
}

export const Second = () => <SecondProof><Out /></SecondProof>;

export function RegisterFirst() {
  const { say } = useAdmin();
  return <Screen heading={say('door.register.heading')}><p>{say('door.register')}</p><p><a href={`/register${location.search}${location.hash}`}>{say('door.register.go')}</a></p><Out /></Screen>;
}

export function Outside({ frozen }: { frozen: boolean }) {
  const { view, say } = useAdmin();
  return <Screen heading={say('door.outside.heading')}><p>{say(frozen ? 'door.frozen' : 'door.outside', { name: view.me!.name })}</p><Out /></Screen>;
}
