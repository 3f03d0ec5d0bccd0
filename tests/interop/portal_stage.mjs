// What the tests of the pages share: the real service in a process of its own, one browser (on a phone's screen unless said otherwise), and what
// holds of every story: nobody else is talked to, the policy is not in the way, and no request holds a password.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, afterEach, before } from 'node:test';
import { Chromium, DESKTOP } from './chromium.mjs';

const BIN = process.env.WB_BIN ?? 'build/dev';
const NARROW = 320; // a phone's, or half of 640 pixels
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export let browser, url, pin;
export const directory = []; // what reached it
export const secrets = new Set(); // passwords: no request may hold one
export const arrival = { came: () => undefined }; // something reached the directory

/** @param {() => Promise<string[]>} args of the peer's command, after its own. The usual peer plays the directory; its log is of no use. */
export function stage(args = async () => [], command = [join(BIN, 'portal_peer'), join(BIN, 'portal')], log = 'ignore') {
  let lines;
  before(async () => {
    peer = spawn(command[0], [...command.slice(1), ...await args()], { stdio: ['pipe', 'pipe', log] });
    const first = new Promise((resolve, reject) => { asked.push({ resolve, reject }); });
    peer.on('exit', (code) => { for (const { reject } of asked.splice(0)) reject(new Error(`${command[0]} ended: ${code}`)); });
    lines = createInterface(peer.stdout).on('line', (line) => {
      const said = JSON.parse(line);
      if (said.sub) { directory.push(said); arrival.came(); } else asked.shift().resolve(said);
    });
    ({ url, pin } = await first);
    browser = await Chromium.start();
  });
  after(async () => {
    await browser?.close();
    lines?.close();
    if (peer?.exitCode !== null) return;
    const ended = once(peer, 'exit');
    peer.stdin.end();
    await ended; // it has something to clear away
  });
  afterEach(() => {
    for (const { url: to, method, headers, body } of browser.sent) {
      if (to.startsWith('data:') || to === 'about:blank') continue;
      assert.ok(to.startsWith(`${url}/`), to);
      const request = `${method} ${to} ${JSON.stringify(headers)} ${body}`;
      for (const secret of secrets)
        for (const told of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), Buffer.from(secret).toString('base64')]) assert.ok(!request.includes(told), request);
    }
    assert.deepEqual(browser.said.filter((text) => !/status of (4|5)\d\d|ERR_INTERNET_DISCONNECTED|ERR_BLOCKED_BY_CLIENT/.test(text)), []);
  });
}
let peer;
const asked = [];

export const tell = (line) => new Promise((resolve, reject) => { asked.push({ resolve, reject }); peer.stdin.write(`${line}\n`); });
export const code = async (name) => (await tell(`code ${name}`)).code;
export const at = (screen) => browser.screen(screen);
export const idle = () => browser.until('!document.querySelector("main").dataset.busy');
export const text = (selector) => browser.value(`document.querySelector(${JSON.stringify(selector)})?.innerText ?? ''`);
export async function open(path = `/#dr=${pin}`) {
  await browser.go(url + path);
  await browser.until('document.querySelector("main h1")', 'the page');
}
export async function forget(path) {
  await open(path);
  await browser.value('(localStorage.clear(), sessionStorage.clear())');
  await open(path);
}
/** Another language, by the page's own choice. */
export const pick = (to) => browser.value(`(() => { const it = document.querySelector('.languages select'); it.value = '${to}'; it.dispatchEvent(new Event('change', { bubbles: true })); })()`);
/** As ada, with both proofs, on the settings. */
export async function administrate(password) {
  await forget(`/admin#dr=${pin}`);
  await browser.screen('signin');
  await browser.type('ada@corp.example', '[name=username]');
  await browser.type(password, '[name=password]');
  await browser.key('Enter');
  await browser.screen('second');
  await browser.type(await code('ada@corp.example'), '[name=code]');
  await browser.key('Enter');
  await browser.screen('settings');
}

const RULES = { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] };
const judged = async () => {
  const { violations } = JSON.parse(await browser.value(`axe.run(document, { runOnly: ${JSON.stringify(RULES)} }).then((all) => JSON.stringify(all))`));
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`), []);
};
/** By axe, light as it is and dark on a desk's screen; nothing moves for whom that is not wanted, and nothing is wider than a small phone, or than a screen at twice the size. */
export async function accessible() {
  await browser.value(`${axe}; null`);
  await judged();
  await browser.page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
  await browser.page.setViewportSize(DESKTOP.viewport);
  await judged();
  assert.deepEqual(await browser.value('[...document.querySelectorAll("body *")].filter((it) => getComputedStyle(it).animationName !== "none").map((it) => it.outerHTML)'), [], 'nothing moves where that is not wanted');
  await browser.page.emulateMedia({ colorScheme: null, reducedMotion: null });
  await narrow();
}
/** Nothing is wider than the screen. A phone's page would grow with what is too wide, so that the screen itself is what counts. */
export async function fits() {
  const { width } = browser.page.viewportSize();
  const wide = `[...document.querySelectorAll("body *")].filter((it) => (it.getBoundingClientRect().right > ${width} || it.getBoundingClientRect().left < 0) && !it.closest(".unseen")).map((it) => it.outerHTML)`;
  if (await browser.value(`document.documentElement.scrollWidth > ${width}`)) assert.fail(`too wide: ${await browser.value(wide)}`);
}
export async function narrow() {
  await browser.page.setViewportSize({ ...browser.size, width: NARROW });
  await fits();
  await browser.page.setViewportSize(browser.size);
}
/** For page.route: what matches does not come. */
export const refuse = (route) => route.abort('blockedbyclient');
export const focus = () => browser.value('document.activeElement.tagName');
/** A field that is wrong has the focus, and is seen with what is said of it, which a reader that does not see it hears. */
export const told = (name) => browser.until(`(() => {
  const field = document.activeElement, said = document.getElementById(field.getAttribute('aria-describedby').split(' ').at(-1));
  const seen = [field, said].every((it) => it.getBoundingClientRect().top >= 0 && it.getBoundingClientRect().bottom <= innerHeight);
  return field.name === ${JSON.stringify(name)} && field.ariaInvalid && said.className === 'error' && said.closest('[aria-live]') && seen;
})()`, `the words beside ${name}`);
/** What everybody of the stage has at the start. */
export const PRESENT = 'Present-Passw0rd-1';
export async function signIn(name, password = PRESENT) {
  await at('signin');
  await browser.type(name, '[name=username]');
  await browser.type(password, '[name=password]');
  await browser.key('Enter');
}
/** One of the administrators' pages. */
export async function tab(name) {
  await browser.click(`[data-tab=${name}]`);
  await at(name);
  await idle();
}
/** What is asked about before it is done. */
export async function act(name) {
  await browser.click(`[data-do=${name}]`);
  await browser.click(`[data-do=${name}-yes]`);
  await idle();
}
