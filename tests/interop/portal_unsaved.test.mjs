// What an administrator has not saved, or is shown once: asked about before it goes, there again after another sign-in, and nobody else's.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { accessible, act, administrate, at, browser, code, idle, PRESENT, secrets, signIn, stage, tab, tell, text } from './portal_stage.mjs';

secrets.add(PRESENT);
stage();

const value = (selector) => browser.value(`document.querySelector(${JSON.stringify(selector)}).value`);
const check = async () => {
  await browser.click('[data-do=check]');
  await idle();
};
/** As it is after half an hour: the service knows the sign-in no more. */
const expire = async () => assert.equal(await browser.value("fetch('/api/v1/me/sign-in', { method: 'DELETE', headers: { Authorization: `Bearer ${JSON.parse(sessionStorage.getItem('wb-signed-in')).token}` } }).then(({ ok }) => ok)"), true);
async function again(screen) {
  await browser.refused('unauthorized');
  await signIn('ada@corp.example');
  await at('second');
  await tell('unspent ada@corp.example');
  await browser.type(await code('ada@corp.example'), '[name=code]');
  await browser.key('Enter');
  await at(screen);
  await idle();
}
async function leaving() {
  const asked = new Promise((said) => { browser.page.once('dialog', (one) => { said(one.type()); void one.dismiss(); }); });
  await browser.value('(queueMicrotask(() => location.reload()), null)');
  assert.equal(await asked, 'beforeunload');
}
const stays = async (to) => {
  await browser.click(to);
  await browser.until('document.activeElement.dataset.do === "turn-yes"', 'asked');
  assert.match(await text('.notice .actions'), /will be lost\. Are you sure\?/);
  await browser.click('[data-do=turn-no]');
  await browser.until(`document.activeElement.matches('${to}')`, 'back where it came from');
};

it('asks before it leaves settings that are not saved, and keeps them over another sign-in', { timeout: 60_000 }, async () => {
  await administrate(PRESENT);
  await browser.until('document.querySelector("[data-do=check]")', 'the form');
  await browser.type('An unsaved name', '[name=brand_name]');
  await browser.click('[data-tab=people]');
  await browser.until('document.querySelector("[data-do=turn-yes]")', 'asked');
  await accessible();
  await browser.click('[data-do=turn-no]');
  await stays('[data-tab=people]');
  await stays('[data-do=out]');
  await leaving();
  assert.equal(await value('[name=brand_name]'), 'An unsaved name');
  await expire();
  await check();
  await again('settings');
  assert.equal(await value('[name=brand_name]'), 'An unsaved name');
  assert.ok(!await browser.value('JSON.stringify([localStorage, sessionStorage]).includes("An unsaved")'), 'in memory alone');
  await check();
  await browser.until('document.querySelector("[data-change=brand_name]")', 'it goes on from there');
  await browser.click('[data-tab=people]');
  await browser.click('[data-do=turn-yes]');
  await at('people');
  await tab('settings'); // that asks nobody
  await browser.until('document.querySelector("[data-do=check]")', 'the form');
  assert.notEqual(await value('[name=brand_name]'), 'An unsaved name');
});

it('asks before it leaves a pass that is shown once, and keeps it over another sign-in', { timeout: 60_000 }, async () => {
  await tab('people');
  await browser.type('alice@corp.example', '[name=person]');
  await browser.click('[data-do=lookup]');
  await browser.until('document.querySelector("[data-do=back]")', 'the person');
  await idle();
  await act('pass');
  const pass = await text('#given code');
  await stays('[data-tab=audit]');
  await leaving();
  await act('unblock');
  assert.equal(await text('#given code'), pass, 'what else is done leaves it there');
  await expire();
  await act('unblock');
  await again('people');
  assert.equal(await text('#given code'), pass);
  await browser.click('[data-do=back]');
  await browser.until('document.querySelector("[data-do=back-yes]")', 'asked');
  await accessible();
  await browser.click('[data-do=back-no]');
  await browser.click('[data-do=close]');
  await browser.click('[data-do=back]'); // without a question
  await browser.until('document.querySelector("[name=person]")', 'the list');
});

it('shows what is not saved to nobody else', { timeout: 60_000 }, async () => {
  await tab('settings');
  await browser.until('document.querySelector("[data-do=check]")', 'the form');
  await browser.type('An unsaved name', '[name=brand_name]');
  await expire();
  await check();
  await browser.refused('unauthorized');
  await signIn('alice@corp.example');
  await at('outside');
  await browser.click('[data-do=out]'); // there is nothing to ask about
  await at('out');
  await browser.click('main button');
  await signIn('ada@corp.example');
  await at('second');
  await tell('unspent ada@corp.example');
  await browser.type(await code('ada@corp.example'), '[name=code]');
  await browser.key('Enter');
  await at('settings');
  await browser.until('document.querySelector("[data-do=check]")', 'the form');
  assert.notEqual(await value('[name=brand_name]'), 'An unsaved name');
});
