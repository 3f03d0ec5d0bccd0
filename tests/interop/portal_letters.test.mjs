// The organisation's letters in the browser people have, against the real service: seen before they are saved, refused where they would not do,
// and the shipped text again.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { it } from 'node:test';
import { accessible, administrate, at, browser, code, focus, idle, narrow, PRESENT, secrets, stage, tell, text } from './portal_stage.mjs';

const ACTOR = 'administrator:6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d55';
secrets.add(PRESENT);
stage();

const value = (selector) => browser.value(`document.querySelector(${JSON.stringify(selector)}).value`);
const seen = (selector, what) => browser.until(`document.querySelector(${JSON.stringify(selector)})`, what);
const act = async (name) => {
  await browser.click(`[data-do=${name}]`);
  await idle();
};
async function choose(selector, to) {
  await browser.value(`(() => { const it = document.querySelector(${JSON.stringify(selector)}); it.value = '${to}'; it.dispatchEvent(new Event('change', { bubbles: true })); })()`);
}
async function open(letter) {
  await idle(); // a click while something is waited for does nothing
  await browser.click(`[data-letter=${letter}]`);
  await seen('[name=subject]', 'the form');
  await idle();
}
/** Somebody else saves this text, faster. */
const rival = (letter, wording) => browser.value(`(async () => {
  const headers = { Authorization: 'Bearer ' + JSON.parse(sessionStorage.getItem('wb-signed-in')).token, 'Content-Type': 'application/json' }, path = '/api/v1/letters/${letter}';
  const { version } = await (await fetch(path, { headers })).json();
  return (await fetch(path, { method: 'PUT', headers: { ...headers, 'If-Match': '"' + version + '"' }, body: ${JSON.stringify(JSON.stringify(wording))} })).status;
})()`);

it('lists every letter, and whose text it has', { timeout: 60_000 }, async () => {
  await administrate(PRESENT);
  await browser.click('[data-tab=letters]');
  await at('letters');
  await seen('#letters', 'the list');
  const shelf = JSON.parse(readFileSync(new URL('../../portal/src/admin/letters/messages/en.json', import.meta.url)));
  const names = Object.keys(shelf).filter((key) => key.startsWith('letter.')).map((key) => shelf[key]);
  assert.deepEqual(await browser.value('[...document.querySelectorAll("#letters strong")].map((it) => it.innerText)'), names, 'each has a name of its own');
  assert.equal(await browser.value('document.querySelectorAll("[data-own=true]").length'), 0);
  assert.equal(await browser.value('document.querySelectorAll("[name=letters_language] option").length'), 12);
  assert.equal(await focus(), 'H1');
  await accessible();
});

it('shows a letter as people would get it before it is saved, and mark-up as the text that it is', { timeout: 60_000 }, async () => {
  await choose('[name=letters_language]', 'de');
  await open('verification_code');
  assert.equal(await value('[name=subject]'), 'Ihr Code für {organisation}');
  assert.match(await text('[aria-describedby] + .hint'), /\{account\}, \{code\}, .* has to say \{code\}\./);
  await accessible();
  await act('preview');
  await seen('[data-news="settings.nothing"]', 'nothing was changed');
  await browser.type('Code für {account}', '[name=subject]');
  await browser.type('<b>Guten Tag</b>\n\n{code}', '[name=text]');
  await act('preview');
  await seen('#preview', 'the letter');
  assert.equal(await focus(), 'H2');
  assert.equal(await text('#preview strong'), 'Code für alex@corp.example');
  assert.equal((await text('#preview pre')).trim(), '<b>Guten Tag</b>\n\n12345678');
  await browser.click('[data-do=edit]');
  await seen('[data-do=preview]:focus', 'where the preview came from');
  await act('preview');
  assert.deepEqual(await browser.value('[document.querySelector("#preview pre").lang, document.querySelector("#preview b")]'), ['de', null]);
  await accessible();
  await browser.type('Ihr Code, {account}', '[name=subject]');
  await browser.until('!document.querySelector("#preview")', 'what was shown is not what would be saved any more');
  await act('preview');
  await act('save');
  await seen('[data-news="letters.saved"]', 'saved');
  await seen('main h1:focus', 'the heading, with the news');
  assert.match(await text('.lead'), new RegExp(`Deutsch: own text. Version 1, .*${ACTOR}`));
  await accessible();
});

it('says what would not do, in words and at its place', { timeout: 60_000 }, async () => {
  await browser.type('{code}', '[name=subject]');
  await act('preview');
  assert.match(await browser.refused('letter_secret_in_subject'), /^\{code\} may stand in the text only/);
  await seen('[name=subject][aria-invalid]', 'the subject');
  await accessible();
  await browser.type('Code', '[name=subject]');
  await browser.type('Guten Tag', '[name=text]');
  await act('preview');
  await browser.refused('letter_missing_placeholder');
  await seen('[name=text][aria-invalid]', 'the text');
  await accessible();
  await browser.type('{cdoe} {code}', '[name=text]');
  await act('preview');
  assert.match(await browser.refused('letter_unknown_placeholder'), /\{cdoe\}/);
  assert.equal(browser.sent.filter(({ method }) => method === 'PUT').length, 1, 'nothing of that was to be saved');
});

it('keeps one\'s text when somebody else was faster', { timeout: 60_000 }, async () => {
  assert.equal(await rival('verification_code/de', { subject: 'Ihrer', text: '{code}' }), 200);
  await browser.type('{code}\n\nMeiner', '[name=text]');
  await act('preview');
  await act('save');
  await seen('[data-rival]', 'the conflict');
  assert.equal(await value('[name=text]'), '{code}\n\nMeiner');
  await accessible();
  await act('preview');
  await act('save');
  await seen('[data-news="letters.saved"]', 'on top of theirs');
});

it('leaves a text that is not saved only when that is meant', { timeout: 60_000 }, async () => {
  await browser.type('Anders', '[name=subject]');
  await browser.click('[data-do=leave]');
  await seen('[data-do=leave-yes]', 'asked');
  await accessible();
  await browser.click('[data-do=leave-no]');
  await seen('[data-do=leave]:focus', 'back where it came from');
  await browser.click('[data-tab=people]');
  await seen('[data-do=turn-yes]', 'asked');
  await browser.click('[data-do=turn-no]');
  await browser.page.route('**/preview*', (route) => route.fulfill({ status: 401, contentType: 'application/problem+json', body: '{"code":"no_session","detail":"over"}' }));
  await act('preview'); // the sign-in is over
  await browser.page.unroute('**/preview*');
  await at('signin');
  await browser.type('ada@corp.example', '[name=username]');
  await browser.type(PRESENT, '[name=password]');
  await browser.key('Enter');
  await browser.screen('second');
  await tell('unspent ada@corp.example');
  await browser.type(await code('ada@corp.example'), '[name=code]');
  await browser.key('Enter');
  await at('letters');
  await idle();
  assert.equal(await value('[name=subject]'), 'Anders');
  await browser.click('[data-do=leave]');
  await browser.click('[data-do=leave-yes]');
  await seen('[data-letter=verification_code][data-own=true]', 'the list, where it is one\'s own');
  await accessible();
  await open('verification_code');
  assert.equal(await value('[name=subject]'), 'Code');
});

it('takes an earlier text up, and gives the shipped one back', { timeout: 60_000 }, async () => {
  await act('history');
  await browser.until('document.querySelectorAll("[data-version]").length === 3');
  await accessible();
  await browser.click('[data-version="2"] [data-do=use]');
  assert.equal(await value('[name=subject]'), 'Ihrer');
  await browser.click('[data-do=shipped]');
  await browser.click('[data-do=shipped-yes]');
  await seen('[data-news="letters.restored"]', 'the shipped text');
  await seen('main h1:focus', 'the heading, with the news');
  assert.equal(await value('[name=subject]'), 'Ihr Code für {organisation}');
  await browser.until('!document.querySelector("[data-do=shipped]")', 'there is nothing to give back any more');
  await accessible();
});

it('writes Arabic from right to left on an English page, and fits a phone in every language', { timeout: 120_000 }, async () => {
  await browser.click('[data-do=leave]');
  await seen('#letters', 'the list');
  await choose('[name=letters_language]', 'ar');
  await open('password_reset');
  assert.deepEqual(await browser.value('[document.querySelector("[name=subject]").dir, document.querySelector("[name=text]").dir, document.documentElement.dir]'), ['rtl', 'rtl', 'ltr']);
  await browser.value('document.querySelector("[data-do=leave]").click()');
  await seen('#letters', 'the list');
  const folder = new URL('../../portal/src/admin/letters/messages/', import.meta.url);
  for (const file of readdirSync(folder)) {
    const language = file.replace('.json', ''), words = JSON.parse(readFileSync(new URL(file, folder)));
    await choose('.languages select', language);
    await browser.until(`document.querySelector('main .lead').innerText === ${JSON.stringify(words['letters.lead'])}`, language);
    await narrow();
    if (language === 'ar') await accessible();
    await open('frozen');
    await narrow();
    await browser.click('[data-do=leave]');
    await seen('#letters', 'the list');
  }
});
