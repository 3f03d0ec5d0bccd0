// The whole way of a password, nothing of it played: from the page in the browser people have to a real domain controller, by a mail that a real SMTP
// server has taken. Run inside ad-lab (CTest does).
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { it } from 'node:test';
import { browser, forget, open, pin, secrets, stage, tell } from './portal_stage.mjs';

const NAME = 'u081', ADDRESS = 'u081@home.example', START = process.env.AD_USER_PW, FIRST = 'Grüße "1"\\\\😀-Köln', SECOND = 'Fresh-Passw0rd-2';
for (const one of [START, FIRST, SECOND]) secrets.add(one);
stage(undefined, ['/usr/bin/python3', fileURLToPath(new URL('world_peer.py', import.meta.url))], 'inherit');

const binds = (password) => tell(`binds ${NAME} ${JSON.stringify(password)}`);
async function typeCode() {
  await browser.type((await tell(`code ${ADDRESS}`)).code, '[name=code]');
  await browser.click('button.main');
}
/** From the name to the moment before the new password is sent. */
async function forgotten(password) {
  await forget();
  await browser.screen('name');
  await browser.type(`${NAME}@corp.example`);
  await browser.click('button.main');
  await browser.screen('methods-0');
  await browser.click('[data-method=email]');
  await browser.screen('email');
  await typeCode();
  await browser.screen('choosing');
  await browser.click('[data-choice=reset]');
  await browser.screen('new_password');
  await browser.type(password, '[name=new-password]');
  await browser.type(password, '[name=new-password-again]');
}

it('who has registered an address sets a new password by a mailed code, and the domain controller takes it', { timeout: 60_000 }, async () => {
  await forget(`/register#dr=${pin}`);
  await browser.screen('signin');
  await browser.type(`${NAME}@corp.example`, '[name=username]');
  await browser.type(START, '[name=password]');
  await browser.key('Enter');
  await browser.screen('home');
  await browser.click('[data-add=email]');
  await browser.screen('email');
  await browser.type(ADDRESS, '[name=address]');
  await browser.key('Enter');
  await typeCode();
  await browser.screen('home');

  const before = await binds(START);
  assert.equal(before.binds, true);
  await forgotten(FIRST);
  await browser.click('button.main');
  await browser.screen('done');
  assert.deepEqual(await binds(FIRST), { binds: true, changes: before.changes + 1 });
  assert.equal((await binds(START)).binds, false);
});

it('an agent that is killed with the write done costs nothing: another one finds it, and it was one write', { timeout: 60_000 }, async () => {
  const before = await binds(FIRST);
  await tell('arm answered');
  await forgotten(SECOND);
  await browser.click('button.main');
  await browser.screen('done');
  assert.equal((await tell('ended')).code, -9, 'it was killed, in the middle');
  assert.deepEqual(await binds(SECOND), { binds: true, changes: before.changes + 1 });
  await open('/signin');
  await browser.screen('signin');
  await browser.type(`${NAME}@corp.example`, '[name=username]');
  await browser.type(SECOND, '[name=password]');
  await browser.key('Enter');
  await browser.screen('home');
});
