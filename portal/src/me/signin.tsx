// Signing in with the directory's password.
import { useEffect, useState } from 'preact/hooks';
import { Field, Form } from '../fields';
import { Screen } from '../parts';
import { UnknownDomain } from '../stopped';
import { useMine } from './scene';

export function SignIn({ first, lead }: { first: boolean; lead: 'signin.lead' | 'signin.register' | 'signin.change' }) {
  const { desk, view, say } = useMine();
  const [name, setName] = useState(view.name);
  const [password, setPassword] = useState('');
  const [tried, setTried] = useState(false);
  useEffect(() => { // a wrong one is typed anew; the name stays
    if (view.problem?.code === 'sign_in_failed') setPassword(''), setTried(false);
  }, [view.problem]);
  const go = () => {
    setTried(true);
    if (name.trim() !== '' && password !== '') void desk.signIn(name.trim(), password);
  };
  return (
    <Screen heading={say('signin.heading')} first={first}>
      <p class="lead">{say(lead)}</p>
      <UnknownDomain />
      <Form onSubmit={go}>
        <Field label={say('name.label')} hint={say('name.hint')} error={tried && name.trim() === '' ? say('name.empty') : undefined} value={name} onValue={(text) => { setName(text); desk.typing(); }}
          name="username" autocomplete="username" autocapitalize="none" spellcheck={false} inputMode="email" maxLength={256} />
        <Field label={say('signin.password')} error={tried && password === '' ? say('signin.empty') : undefined} value={password} onValue={(text) => { setPassword(text); desk.typing(); }}
          type="password" name="password" autocomplete="current-password" class="secret" />
        <button type="submit" class="main">{say('signin.next')}</button>
        <p class="hint">{say('sealed.note')}</p>
      </Form>
      <a class="plain" href={`/${location.search}${location.hash}`}>{say('signin.forgotten')}</a>
    </Screen>
  );
}

/** After a reload of whoever is signed in. */
export function Opening() {
  const { desk, view, say } = useMine();
  return <Screen heading={say('me.title')} first>{view.problem && <button type="button" class="main" onClick={() => void desk.look()}>{say('retry')}</button>}</Screen>;
}

export function SignedOut() {
  const { desk, say } = useMine();
  return (
    <Screen heading={say('out.heading')}>
      <p>{say('done.close')}</p>
      <button type="button" class="main" onClick={() => desk.go('signin')}>{say('out.again')}</button>
    </Screen>
  );
}
