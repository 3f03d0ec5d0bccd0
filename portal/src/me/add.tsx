// A new method that is registered by a code: an authenticator app, or an address.
import { useState } from 'preact/hooks';
import { APP_DIGITS, CodeForm, MAIL_DIGITS } from '../code';
import { embedded } from '../frame';
import { Field, Form } from '../fields';
import { Screen } from '../parts';
import { Qr } from './qr';
import { useMine } from './scene';

export function Back() {
  const { desk, say } = useMine();
  return <button type="button" class="plain" id="back" onClick={() => desk.go('home')}>{say('back')}</button>;
}

export function AddApp() {
  const { desk, view, say } = useMine();
  const { uri = '', secret = '' } = view.pending ?? {};
  return (
    <Screen heading={say('app.heading')}>
      <p>{say('app.scan')}</p>
      <Qr text={uri} label={say('app.picture')} />
      {!embedded && <p><a href={uri}>{say('app.open')}</a></p>}
      <p>{say('app.key')} <code id="key" dir="ltr">{secret.replace(/(.{4})(?=.)/g, '$1 ')}</code></p>
      <p>{say('app.code')}</p>
      <CodeForm digits={APP_DIGITS} onCode={(code) => void desk.prove(code)} />
      <Back />
    </Screen>
  );
}

export function AddEmail() {
  const { desk, view, say } = useMine();
  const [address, setAddress] = useState('');
  const [empty, setEmpty] = useState(false);
  const { pending } = view;
  const go = () => {
    setEmpty(address.trim() === '');
    if (address.trim() !== '') void desk.sendCode(address.trim());
  };
  if (!pending) {
    return (
      <Screen heading={say('email.heading')}>
        <Form onSubmit={go}>
          <Field label={say('email.label')} hint={say('email.hint')} error={empty ? say('email.empty') : undefined} value={address} onValue={setAddress}
            type="email" name="address" autocomplete="email" autocapitalize="none" spellcheck={false} maxLength={254} />
          <button type="submit" class="main">{say('email.next')}</button>
        </Form>
        <Back />
      </Screen>
    );
  }
  return (
    <Screen key={pending.id} heading={say('code.email')}>
      <p class="lead">{say('email.sent', { address: pending.address ?? '' })}</p>
      <CodeForm digits={MAIL_DIGITS} onCode={(code) => void desk.prove(code)} />
      <div class="row">
        <button type="button" class="plain" id="resend" onClick={() => void desk.sendCode(pending.address ?? '')}>{say('code.again')}</button>
        <button type="button" class="plain" id="other" onClick={desk.otherAddress}>{say('email.other')}</button>
      </div>
      <Back />
    </Screen>
  );
}
