// By the keyboard alone: Tab, Shift+Tab, Enter, Space and what is typed. Nothing is clicked and no script moves the focus; what has it is always
// seen to have it. And the states of /admin that only few ever see.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { accessible, administrate, at, browser, code, directory, forget, idle, open, pin, PRESENT, secrets, signIn, stage, tell, text } from './portal_stage.mjs';

const NEXT = 'Correct-Horse-Battery-1', MOST = 150; // steps to anything
for (const one of [PRESENT, NEXT]) secrets.add(one);
stage();

/** What has the focus: what it is, whether it is the one, and what is wrong with how it is shown. */
const looked = (selector) => browser.value(`(() => {
  const it = document.activeElement, { top, bottom, left, right, width, height } = it.getBoundingClientRect(), { outlineStyle, outlineWidth } = getComputedStyle(it);
  if (it === document.body) return { there: false, wrong: '', body: true };
  const rim = it.tagName === 'TEXTAREA' ? height / 4 : 1; // of a long text the browser shows the line that is written in
  const over = document.elementFromPoint((left + right) / 2, (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2);
  const wrong = outlineStyle === 'none' || parseFloat(outlineWidth) < 2 ? 'no outline' : width * height === 0 ? 'no size'
    : top < -rim || left < -1 || right > innerWidth + 1 || bottom > innerHeight + rim ? 'out of view: ' + [top, bottom, left, right].map(Math.round) : it !== over && !it.contains(over) ? 'covered by ' + over?.outerHTML.slice(0, 80) : '';
  return { there: it.matches(${JSON.stringify(selector)}), wrong: wrong && wrong + ': ' + it.outerHTML.slice(0, 160) };
})()`);
async function reach(selector, key = 'Tab') {
  for (let steps = 0; steps < MOST; steps += 1) {
    await browser.key(key);
    const { there, wrong } = await looked(selector);
    assert.equal(wrong, '');
    if (there) return;
  }
  assert.fail(`${key} never comes to ${selector}`);
}
const press = async (selector, key) => {
  await reach(selector);
  await browser.key(key);
};
const enter = (typed) => browser.page.keyboard.type(typed);

it('a person resets a password', { timeout: 60_000 }, async () => {
  await forget();
  await browser.screen('name');
  await reach('[name=username]');
  await enter('alice@corp.example');
  await press('button.main', 'Enter');
  await browser.screen('methods-0');
  await press('[data-method=app_code]', 'Space');
  await browser.screen('app_code');
  if (!(await looked('[name=code]')).there) await reach('[name=code]');
  await enter(await code('alice@corp.example'));
  await press('button.main', 'Enter');
  await browser.screen('choosing');
  await reach('[data-choice=unlock]');
  await reach('[data-choice=reset]', 'Shift+Tab');
  await browser.key('Enter');
  await browser.screen('new_password');
  await browser.until('document.querySelector("[data-rule=length]")', 'the rules');
  directory.length = 0;
  await reach('[name=new-password]');
  await enter(NEXT);
  await reach('[name=new-password-again]');
  await enter(NEXT);
  await press('button.main', 'Space');
  await browser.screen('done');
  assert.deepEqual(directory.splice(0).map(({ set }) => set), [NEXT]);
});

it('an administrator changes the settings, and goes back to the earlier ones', { timeout: 60_000 }, async () => {
  await administrate(PRESENT);
  await browser.until('document.querySelector("[data-do=check]")', 'the form');
  const member = '[data-member=notify_administrators] input', ticked = () => browser.value(`document.querySelector('${member}').checked`);
  const was = await ticked();
  await press(member, 'Space');
  assert.notEqual(await ticked(), was);
  await press('[data-do=check]', 'Enter');
  await browser.until('document.activeElement.closest("#preview")', 'the preview has the focus');
  await press('[data-do=edit]', 'Enter');
  await browser.until('document.activeElement.matches("[data-do=check]")', 'back in the form');
  await browser.key('Enter');
  await browser.until('document.activeElement.closest("#preview")', 'the preview again');
  await press('[data-do=save]', 'Space');
  await browser.until('document.querySelector("[data-news=saved]")', 'saved');
  await reach('[data-tab=audit]', 'Shift+Tab'); // from the heading up
  await browser.key('Enter');
  await at('audit');
  await idle();
  await press('[data-tab=settings]', 'Enter');
  await at('settings');
  await browser.until('document.querySelector("[data-do=check]")', 'the form');
  await idle();
  assert.notEqual(await ticked(), was);
});

it('says to whom a pass is of no use yet, and nothing is in anybody\'s way there', { timeout: 60_000 }, async () => {
  await tell('two'); // one has an app alone
  await browser.click('[data-tab=people]');
  await at('people');
  await browser.type('heidi@corp.example', '[name=person]');
  await browser.click('[data-do=lookup]');
  await browser.until('document.querySelector("[data-do=pass]")', 'the person');
  await idle();
  await browser.click('[data-do=pass]');
  await browser.click('[data-do=pass-yes]');
  await browser.until('document.querySelector("#given code")', 'the pass');
  await idle();
  assert.match(await text('#given'), /But they can't reset even with it: /);
  await accessible();
  await browser.click('[data-do=close]');
});

it('tells an administrator without a method what to do first', { timeout: 60_000 }, async () => {
  await forget(`/admin#dr=${pin}`);
  await signIn('quinn@corp.example'); // has answers alone, which prove nothing here
  await at('register');
  await accessible();
});

it('lets nobody in who has reported misuse, and sends nothing to a root that is not believed', { timeout: 60_000 }, async () => {
  await open(`/not-me#${(await tell('letter ada@corp.example')).token}`);
  await browser.click('#report');
  await at('stopped');
  await forget(`/admin#dr=${pin}`);
  await signIn('ada@corp.example');
  await at('frozen');
  await accessible();
  await forget(`/admin#dr=${'A'.repeat(43)}`);
  directory.length = 0;
  await signIn('mia@corp.example');
  await at('stopped');
  await browser.refused('foreign_root');
  await accessible();
  assert.equal(directory.length, 0, 'nothing was sent');
});
