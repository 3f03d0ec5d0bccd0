// What the flows in the real world share: whose browser it is, what it shows in that person's language, the letters and the directory's word.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { browser, fits, open, pin, secrets, tell, url } from './portal_stage.mjs';

export const ORGANISATION = 'Corp Example', START = process.env.AD_USER_PW;
const read = (path) => JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url)));
const SHELVES = ['portal/src/messages', 'portal/src/me/messages', 'portal/src/admin/messages', 'portal/src/admin/console/messages'];

let cell; // {size, language, address}: whose browser it is
export let words; // of the pages
export let told; // by the service
export async function enter(one) {
  cell = one;
  await browser.begin(one);
  words = Object.assign({}, ...SHELVES.map((shelf) => read(`${shelf}/${one.language}.json`)));
  told = read(`service/messages/${one.language}.json`);
}

/** As if that browser had never been there, but for the files that it has in its cache. */
export async function visit(path) {
  await browser.go(`${url}/healthz`); // the same origin, and no program of ours
  await browser.value('(localStorage.clear(), sessionStorage.clear())');
  await browser.context.clearCookies();
  await open(path.includes('#') ? path : `${path}#dr=${pin}`);
}
/** The screen is there, in the person's language and direction, and not wider than their screen. */
export async function on(screen, heading) {
  await browser.screen(screen);
  const seen = await browser.value('({ heading: document.querySelector("main h1").innerText, lang: document.documentElement.lang, dir: getComputedStyle(document.body).direction })');
  assert.deepEqual(seen, { heading: words[heading], lang: cell.language, dir: cell.language === 'ar' ? 'rtl' : 'ltr' });
  await fits();
}
/** A text of the service's that has places to fill in stands there, whatever they are filled with. */
export function says(seen, wording) {
  const shape = told[wording].split(/\{\w+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.+');
  assert.match(seen.trim(), new RegExp(`^${shape}$`));
}
export const main = () => browser.click('button.main');
export async function signIn(name, password) {
  await on('signin', 'signin.heading');
  await browser.type(`${name}@corp.example`, '[name=username]');
  await browser.type(password, '[name=password]');
  await browser.key('Enter');
}
export async function fill(password) {
  secrets.add(password);
  await browser.type(password, '[name=new-password]');
  await browser.type(password, '[name=new-password-again]');
  await main();
}

/** The next letter of that kind: in the person's language, which its subject shows. */
export async function letter(to, kind) {
  const one = await tell(`letter ${JSON.stringify({ to, subject: told[`mail.${kind}.subject`].replace('{organisation}', ORGANISATION) })}`);
  assert.ok(one.text, `no such letter in ${cell.language}: ${kind}; what came: ${one.came?.join(' | ')}`);
  assert.match(one.html, new RegExp(`<html lang="${cell.language}"${cell.language === 'ar' ? ' dir="rtl"' : ''}>`));
  return one.text;
}
export async function typeMailed(to, kind) {
  await browser.type(/^\s*(\d{4}[ -]?\d{4})\s*$/m.exec(await letter(to, kind))[1], '[name=code]');
  await main();
}

export const account = (name) => tell(`account ${JSON.stringify(name)}`);
export const binds = async (name, password) => (await tell(`binds ${JSON.stringify([name, password])}`)).binds;
/** While `act` happens the password is written that often, and at the end it is this one, which is good at once. */
export async function written(times, name, password, act) {
  const before = await account(name);
  await act();
  const { changes, must_change: must } = await account(name);
  assert.equal(changes, before.changes + times, 'how often the domain controller has written it');
  assert.equal(must, false);
  assert.equal(await binds(name, password), true);
}
