#!/usr/bin/env node
// Clicks through the running demo in Debian's Chromium and takes a picture of every page on the way: FOLDER/NAME.png.
//   eval "$(scripts/demo env)"; node screenshots.mjs FOLDER     (scripts/screenshots sets the variables)
// People are taken as a fresh demo has them. What a page does not show ends the run, with the page's text.
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { shownBy } from '../../interop/authenticator.mjs';
import { Chromium } from '../../interop/chromium.mjs';

const { WB_SERVICE_URL: url, WB_DOMAIN_ROOT: root, WB_MAILBOX: mailbox } = process.env;
const [folder] = process.argv.slice(2);
if (!url || !root || !mailbox || !folder) {
  console.error('usage: screenshots.mjs FOLDER, with WB_SERVICE_URL, WB_DOMAIN_ROOT and WB_MAILBOX of scripts/demo env');
  process.exit(2);
}
const START = 'Start-Passw0rd!'; // everybody's in the demo
const FRESH = `Fresh-${randomBytes(4).toString('hex')}-Passw0rd`;
const DESKTOP = { viewport: { width: 900, height: 700 } }, PHONE = { viewport: { width: 390, height: 780 }, isMobile: true };
const TALLEST = 1800;
const browser = await Chromium.start({ size: DESKTOP });
const at = (screen) => browser.screen(screen);
const idle = () => browser.until('!document.querySelector("main").dataset.busy');

/** The whole page, as far as it is of use; what a dialog stands in is the window. */
async function take(name) {
  await idle();
  await browser.value('document.activeElement?.blur()');
  const height = Math.min(TALLEST, await browser.value('document.querySelector("dialog[open]") ? innerHeight : Math.max(document.documentElement.scrollHeight, innerHeight)')), width = await browser.value('innerWidth');
  await browser.page.screenshot({ path: join(folder, `${name}.png`), fullPage: true, clip: { x: 0, y: 0, width, height } });
}
/** A page as a browser sees it that has never been there. */
async function open(path) {
  const [before, fragment = `dr=${root}`] = path.split('#');
  await browser.page.goto(`${url}/healthz`); // the same origin, and no program of ours
  await browser.value('(localStorage.clear(), sessionStorage.clear())');
  await browser.page.goto(`${url}${before}#${fragment}`);
  await browser.until('document.querySelector("main h1")', path);
}
/** What `wanted` finds in the newest mail to that address in which it finds something. */
async function mailed(address, wanted) {
  for (let arrived = 0, tries = 0; tries < 20; tries += 1) {
    const answer = await (await fetch(`${mailbox}mails?past=${arrived}`)).json();
    ({ arrived } = answer);
    const found = answer.mails.filter(({ to }) => to === address).map(({ text }) => wanted.exec(text)?.[1]).find(Boolean);
    if (found) return found;
  }
  throw new Error(`no such mail came to ${address}`);
}
const CODE = /^\s*(\d{4}[ -]?\d{4})\s*$/m;
async function fresh(password) {
  await browser.type(password, '[name=new-password]');
  await browser.type(password, '[name=new-password-again]');
}
async function signIn(name, password) {
  await at('signin');
  await browser.type(`${name}@corp.example`, '[name=username]');
  await browser.type(password, '[name=password]');
  await browser.key('Enter');
}
const look = (scheme = null) => browser.page.emulateMedia({ colorScheme: scheme });

// ---- the stories -------------------------------------------------------------------------------------------------------------------------
async function forgotten() {
  await open('/');
  await at('name');
  await browser.type('alice@corp.example');
  await take('reset-1-name');
  await browser.click('button.main');
  await at('methods-0');
  await take('reset-2-methods');
  await browser.click('[data-method=email]');
  await at('email');
  const code = await mailed('alice@home.example', CODE);
  await browser.type('00000000');
  await browser.click('button.main');
  await browser.refused('wrong_answer');
  await take('reset-3-wrong-code');
  await browser.type(code);
  await browser.click('button.main');
  await at('choosing');
  await take('reset-4-choice');
  await browser.click('[data-choice=reset]');
  await at('new_password');
  await browser.until('document.querySelector("[data-rule=length].open")');
  await fresh('Alice-');
  await take('reset-5-new-password');
  await fresh(START); // her first one: the directory remembers it
  await browser.click('button.main');
  await browser.refused('password_refused');
  await take('reset-6-refused');
  await fresh(FRESH);
  await browser.click('button.main');
  await at('done');
  await take('reset-7-done');
}

async function ownMethods() {
  await open('/register');
  await at('signin');
  await take('register-1-sign-in');
  await signIn('bob', START);
  await at('home');
  await take('register-2-methods');
  await browser.click('[data-add=app_code]');
  await at('app_code');
  await take('register-3-app');
  await browser.click('#back');
  await browser.click('[data-add=email]');
  await at('email');
  await browser.type('bob@home.example', '[name=address]');
  await browser.key('Enter');
  await browser.until('document.querySelector("[name=code]")');
  await take('register-4-email');
  await browser.type(await mailed('bob@home.example', CODE), '[name=code]');
  await browser.key('Enter');
  await at('home');
  await take('register-5-registered');
  await browser.click('[data-add=questions]');
  await at('questions');
  await take('register-6-questions');
}

/** carol is an administrator: her password alone opens nothing, and nobody registers for her. */
async function secondProof() {
  await open('/admin');
  await signIn('carol', START);
  await at('register');
  await take('admin-0-register-first');
  await open('/register');
  await signIn('carol', START);
  await at('home');
  await browser.click('[data-add=app_code]');
  await at('app_code');
  const key = (await browser.value('document.querySelector("#key").innerText')).replace(/ /g, '');
  await browser.type(shownBy(key)); // each is good once: the second time that of half a minute hence, which is good already
  await browser.key('Enter');
  await at('home');
  await open('/admin');
  await signIn('carol', START);
  await at('second');
  await browser.type(shownBy(key, 1), '[name=code]');
  await take('admin-1-second-proof');
  await browser.click('button.main');
}

async function change() {
  await open('/change');
  await signIn('erik', START);
  await at('change');
  await take('change-1-must');
  await browser.type(START, '[name=old-password]');
  await fresh(FRESH);
  await browser.click('button.main');
  await at('changed');
  await take('change-2-changed');
}

async function tab(name) {
  await browser.click(`[data-tab=${name}]`);
  await at(name);
}
async function administration() {
  await secondProof();
  await at('settings');
  await browser.until('document.querySelector("[data-group=administrators]")', 'the form');
  await take('admin-2-settings');
  await tab('people');
  await browser.click('[data-do=all]');
  await browser.until('document.querySelector("#found button")', 'people');
  await take('admin-3-people');
  await browser.type('bob@corp.example', '[name=person]');
  await browser.click('[data-do=lookup]');
  await browser.until('document.querySelector("[data-do=back]")', 'the person');
  for (const what of ['link', 'link-yes', 'pass', 'pass-yes']) {
    await browser.click(`[data-do=${what}]`);
    await idle();
  }
  const pass = await browser.until('document.querySelector("#given code")?.innerText', 'a pass');
  await take('admin-4-pass');
  await tab('audit');
  await browser.click('[data-do=search]');
  await browser.until('document.querySelector("#lines li")', 'lines');
  await take('admin-5-audit');
  await agentsAndReports();
  await letters();
  return pass;
}

async function agentsAndReports() {
  await tab('agents');
  await browser.until('document.querySelector("[data-standing=ready]")', 'an agent');
  await take('admin-6-agents');
  await browser.click('[data-do=enrol]');
  await browser.until('document.querySelector("#enrol[open] pre")?.innerText', 'the command');
  await take('admin-7-enrol');
  await browser.key('Escape');
  await tab('reports');
  await browser.until('document.querySelector("#report .plot svg")', 'the plots');
  await take('admin-8-reports');
}

async function letters() {
  await tab('letters');
  await browser.until('document.querySelector("#letters")', 'the list');
  await take('admin-9-letters');
  await browser.click('[data-letter=verification_code]');
  await browser.until('document.querySelector("[name=subject]")', 'the letter');
  await browser.type('Code: {account}', '[name=subject]');
  await browser.click('[data-do=preview]');
  await browser.until('document.querySelector("#preview")', 'what people would get');
  await take('admin-10-letter');
}

async function passAndLink(pass) {
  await open('/');
  await at('name');
  await browser.type('bob@corp.example');
  await browser.click('button.main');
  await at('methods-0');
  await browser.click('[data-method=pass]');
  await at('pass');
  await browser.type(pass);
  await take('pass-1-typed');
  await browser.click('button.main');
  await at('choosing');
  await take('pass-2-choice');
  await open(`/#${await mailed('bob@home.example', /\/#(dr=\S+&pass=\S+)/)}`);
  await browser.until('document.querySelector("[name=username]").value', 'the name');
  await take('link-1-opened');
}

async function notMe() {
  await open(`/not-me#${await mailed('alice@home.example', /\/not-me#(\S+)/)}`);
  await at('ask');
  await take('not-me-1-asked');
  await browser.click('#keep');
  await at('kept');
  await take('not-me-2-kept');
}

/** As another program's window shows it. */
async function embedded() {
  await open('/signin?embedded=1');
  await at('signin');
  await take('embedded-1-sign-in');
  await signIn('erik', FRESH);
  await at('home');
  await take('embedded-2-methods');
}

async function otherLooks() {
  await look('dark');
  await open('/');
  await at('name');
  await take('dark-1-name');
  await open('/signin');
  await signIn('bob', START);
  await at('home');
  await take('dark-2-methods');
  await look();
  await browser.begin({ size: PHONE });
  await open('/');
  await at('name');
  await take('phone-1-name');
  for (const [language, name] of [['ar', 'arabic'], ['de', 'german']]) {
    await open(`/?mkt=${language}`);
    await at('name');
    await browser.type('bob@corp.example');
    await browser.click('button.main');
    await at('methods-0');
    await take(`phone-2-${name}`);
  }
  await browser.begin({ size: DESKTOP });
}

async function theMailbox() {
  await browser.page.goto(mailbox);
  await browser.until('document.querySelector("article strong")', 'a code');
  await take('mail-box');
}

mkdirSync(folder, { recursive: true });
try {
  await forgotten();
  await ownMethods();
  await change();
  await passAndLink(await administration());
  await notMe();
  await embedded();
  await otherLooks();
  await theMailbox();
  if (browser.said.some((text) => !/status of (4|5)\d\d/.test(text))) throw new Error(`a page complained:\n${browser.said.join('\n')}`);
} finally {
  await browser.close();
}
