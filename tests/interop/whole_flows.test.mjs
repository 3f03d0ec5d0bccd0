// What people and their administrators do, nothing of it played: from the page in the browser people have to a real domain controller, by agents that hold its passwords and
// mails that a real SMTP server has taken; on a phone's screen and a desk's, in English, German and Arabic. Run inside ad-lab (CTest does).
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DESKTOP, PHONE } from './chromium.mjs';
import * as flows from './flows.mjs';
import { secrets, stage } from './portal_stage.mjs';
import { enter, START } from './real_world.mjs';

const CELLS = [
  { screen: 'a phone', size: PHONE, language: 'en', killed: true },
  { screen: 'a desk', size: DESKTOP, language: 'de', mailed: true },
  { screen: 'a phone', size: PHONE, language: 'ar' },
  { screen: 'a desk', size: DESKTOP, language: 'ar', killed: true },
];
const named = (at, of) => `u0${4 * at + of + 20}`; // each cell has people of its own
const LIMIT = { timeout: 60_000 };

secrets.add(START);
stage(async () => CELLS.map((_, at) => named(at, 1)), ['/usr/bin/python3', fileURLToPath(new URL('world_peer.py', import.meta.url))], 'inherit');

for (const [at, { screen, size, language, killed, mailed }] of CELLS.entries())
  describe(`on ${screen}, in ${language}`, () => {
    const person = { name: named(at, 0), address: `${named(at, 0)}@home.example` }, administrator = { name: named(at, 1), later: mailed && `${named(at, 1)}@home.example` }, one = { name: named(at, 2) }, other = { name: named(at, 3) };
    const story = (what, act) => it(what, LIMIT, act);
    before(() => enter({ size, language, address: `203.0.113.${at + 1}` }));
    story('a person registers an address by a mailed code', () => flows.registersAnAddress(person));
    story('and an app by the code that it shows', () => flows.registersAnApp(person));
    story('and answers', () => flows.registersAnswers(person));
    story('resets a forgotten password by a mailed code: one that the directory remembers is refused, another one taken', () => flows.resetsByMail(person));
    story('unlocks an account that is really locked, and keeps the password', () => flows.unlocks(person));
    story(`resets it by mail and app${killed ? ', though the agent is killed with the write done' : ''}`, () => flows.resetsByTwo(person, killed));
    story('changes it, signed in', () => flows.changesIt(person));
    story('says of the letter about that: it was not me', () => flows.saysItWasNotThem(person));
    story(`an administrator signs in with a second proof${mailed ? ', by mail, having given up the app' : ''}`, () => flows.signsInToAdministrate(administrator));
    story('sees both agents ready', () => flows.looksAtTheAgents());
    story('gives one a pass and sets another one\'s password, and the audit has it', () => flows.helps(administrator, one, other));
    story('by the pass a new password is set', () => flows.resetsByPass(one));
    story('the other one changes theirs in another program\'s window, because they must', () => flows.changesWhatMustBe(other));
  });
