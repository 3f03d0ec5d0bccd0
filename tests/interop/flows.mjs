// What a person does, each step as they see it: in any browser, on any screen, in any language. {name, address} is who it is.
import assert from 'node:assert/strict';
import { shownBy } from './authenticator.mjs';
import { browser, idle, secrets, tell, text } from './portal_stage.mjs';
import { account, binds, fill, letter, main, on, says, signIn, START, told, typeMailed, visit, words, written } from './real_world.mjs';

const FIRST = 'Grüße "1"\\\\😀-Köln', SECOND = 'Fresh-Passw0rd-2', THIRD = 'Wörter, die sich merken: 3';

// ---- registering ---------------------------------------------------------------------------------------------------------------------------
/** Both addresses hear of it: the new one, and that of the directory, which whoever has only stolen the password does not read. */
export async function registersAnAddress(who) {
  await tell(`mail ${JSON.stringify(who.name)}`);
  await visit('/register');
  await signIn(who.name, START);
  await on('home', 'home.heading');
  await addsAnAddress(who);
  await letter(`${who.name}@corp.example`, 'method_added');
}
async function addsAnAddress({ address }) {
  await browser.click('[data-add=email]');
  await on('email', 'email.heading');
  await browser.type(address, '[name=address]');
  await browser.key('Enter');
  await typeMailed(address, 'registration_code');
  await on('home', 'home.heading');
  await browser.until('document.querySelector(".own [data-method=email]")', 'it is registered');
  await letter(address, 'method_added');
}

/** By the key that stands below the picture. Later the code of half a minute hence is shown: one is good once, and that of half a minute ago may be too old when it comes. */
export async function registersAnApp(who) {
  await browser.click('[data-add=app_code]');
  await on('app_code', 'app.heading');
  who.key = (await text('#key')).replace(/ /g, '');
  await browser.type(shownBy(who.key));
  await browser.key('Enter');
  await on('home', 'home.heading');
  await browser.until('document.querySelector(".own [data-method=app_code]")', 'it is registered');
  if (who.address) await letter(who.address, 'method_added');
}

export async function registersAnswers(who) {
  await browser.click('[data-add=questions]');
  await on('questions', 'questions.choose');
  who.answers = {};
  for (const row of [1, 2, 3]) {
    const [question] = await browser.page.selectOption(`[name=question-${row}]`, { index: row });
    who.answers[question] = `Only they know ${row}`;
    assert.equal(await text(`[name=question-${row}] option:checked`), told[`question.${question}`]);
    await browser.type(who.answers[question], `[name=answer-${row}]`);
  }
  await main();
  await on('home', 'home.heading');
  assert.equal(await browser.value('document.querySelectorAll(".own li").length'), 3);
  await letter(who.address, 'method_added');
}

// ---- proving -------------------------------------------------------------------------------------------------------------------------------
export async function names({ name }) {
  await visit('/');
  await on('name', 'name.heading');
  await browser.type(`${name}@corp.example`);
  await main();
  await on('methods-0', 'method.heading');
}
async function provesByMail({ address }) {
  await browser.click('[data-method=email]');
  await on('email', 'code.email');
  await typeMailed(address, 'verification_code');
}
async function provesByAnswers({ answers }) {
  await browser.click('[data-method=questions]');
  await on('questions', 'questions.heading');
  for (const id of await browser.value('[...document.querySelectorAll(".field input")].map((field) => field.name)')) await browser.type(answers[id], `[name="${id}"]`);
  await main();
}
export async function choosesReset() {
  await on('choosing', 'choice.heading');
  await browser.click('[data-choice=reset]');
  await on('new_password', 'password.heading');
}

// ---- what a reset comes to -----------------------------------------------------------------------------------------------------------------
/** The directory remembers the present one, and says so; another one it takes. */
export async function resetsByMail(who) {
  await names(who);
  await provesByMail(who);
  await choosesReset();
  await written(0, who.name, START, async () => {
    await fill(START);
    says(await browser.refused('password_refused'), 'told.in_history');
    await on('new_password', 'password.heading');
  });
  await written(1, who.name, FIRST, async () => {
    await fill(FIRST);
    await on('done', 'done.heading');
  });
  assert.equal(await binds(who.name, START), false);
  await letter(who.address, 'password_reset');
  // One trace from the browser to the domain controller (W3C Trace Context): what the page sent with its last request stands in the logs of both programs.
  const [, trace] = /^00-([0-9a-f]{32})-/.exec(browser.sent.findLast(({ headers }) => headers.traceparent).headers.traceparent);
  const { service, agents } = await tell(`traced ${JSON.stringify(trace)}`);
  for (const [log, event] of [[service, 'job.offered op=reset'], [service, 'job.settled op=reset'], [agents, 'job.settled op=reset']]) assert.ok(log.includes(event), `${event}: ${log.join()}`);
}

export async function unlocks(who) {
  await tell(`lock ${JSON.stringify(who.name)}`);
  assert.equal((await account(who.name)).locked, true);
  assert.equal(await binds(who.name, FIRST), false, 'not even the right one');
  await written(0, who.name, FIRST, async () => {
    await names(who);
    await provesByAnswers(who);
    await on('methods-1', 'method.second'); // answers alone don't do
    await provesByMail(who);
    await on('choosing', 'choice.heading');
    assert.equal(await text('main .notice'), words['choice.locked']);
    await browser.click('[data-choice=unlock]');
    await on('done', 'done.unlocked');
    assert.equal((await account(who.name)).locked, false);
  });
  await letter(who.address, 'account_unlocked');
}

/** `killed`: the agent that has the password in its hands kills itself once the domain controller has taken it. Another one finds out, and it was one write. */
export async function resetsByTwo(who, killed) {
  await tell('require 2');
  await names(who);
  await provesByMail(who);
  await on('methods-1', 'method.second');
  await browser.click('[data-method=app_code]');
  await on('app_code', 'code.app');
  await browser.type(shownBy(who.key, 1));
  await main();
  await choosesReset();
  if (killed) await tell('arm "answered"');
  await written(1, who.name, SECOND, async () => {
    await fill(SECOND);
    await on('done', 'done.heading');
  });
  if (killed) assert.equal((await tell('ended')).code, -9, 'it was killed, in the middle');
  await tell('require 1');
  await letter(who.address, 'password_reset');
}

// ---- with a password that is known ---------------------------------------------------------------------------------------------------------
async function changes(old, fresh) {
  await browser.type(old, '[name=old-password]');
  await fill(fresh);
  await on('changed', 'changed.heading');
}

export async function changesIt(who) {
  await visit('/change');
  await signIn(who.name, SECOND);
  await on('change', 'change.heading');
  await written(1, who.name, THIRD, () => changes(SECOND, THIRD));
  await main();
  await on('home', 'home.heading');
  who.letter = await letter(who.address, 'password_changed');
}

export async function saysItWasNotThem(who) {
  await visit(`/not-me#${/\/not-me#(\S+)/.exec(who.letter)[1]}`);
  await on('ask', 'notme.heading');
  await browser.click('#report');
  await on('stopped', 'notme.stopped');
  assert.equal(await text('main p'), told['told.not_me']);
  await names(who);
  await provesByAnswers(who);
  await on('over', 'over.heading');
  assert.equal(await browser.refused('frozen'), told['refusal.frozen']);
  assert.equal(await binds(who.name, THIRD), true, 'their password is as it was');
}

/** In another program's window, with a password that must be changed first: an administrator has set it. */
export async function changesWhatMustBe({ name, temporary }) {
  const own = 'Eigenes, sehr langes Passwort: 4';
  const bare = async () => assert.ok(await browser.value('document.querySelector(".whose").offsetParent === null && !document.querySelector("a[target]")'), 'nothing but the screen');
  assert.equal((await account(name)).must_change, true);
  await visit('/signin?embedded=1');
  await bare();
  await signIn(name, temporary);
  await on('change', 'change.forced');
  assert.equal(await text('main .notice'), told['verdict.failed.must_change']);
  await written(1, name, own, () => changes(temporary, own));
  await bare();
  await main();
  await signIn(name, own);
  await on('home', 'home.heading');
  await bare();
}

/** Whoever has registered nothing, by the pass that they were told. */
export async function resetsByPass(who) {
  const own = 'Neu und lang: Pass-5';
  await names(who);
  await browser.click('[data-method=pass]');
  await on('pass', 'code.pass');
  await browser.type(who.pass);
  await main();
  await choosesReset();
  await written(1, who.name, own, async () => {
    await fill(own);
    await on('done', 'done.heading');
  });
}

// ---- administration ------------------------------------------------------------------------------------------------------------------------
async function tab(name) {
  await browser.click(`[data-tab=${name}]`);
  await on(name, `tab.${name}`);
  await idle();
}
async function lookUp({ name }) {
  await tab('agents');
  await tab('people'); // the list, whoever was looked at before
  await browser.type(`${name}@corp.example`, '[name=person]');
  await browser.click('[data-do=lookup]');
  await browser.until('document.querySelector("[data-do=back]")', 'the person');
  await idle();
}
async function given(what) {
  await browser.click(`[data-do=${what}]`);
  await browser.click(`[data-do=${what}-yes]`);
  const once = await browser.until('document.querySelector("#given code")?.innerText', what);
  await browser.click('[data-do=close]'); // else leaving it is asked about
  return once;
}
async function stands(activity, ...parts) {
  await browser.type(activity, '[name=activity]');
  await browser.click('[data-do=search]');
  await browser.until(`[...document.querySelectorAll('#lines li')].some((it) => ${JSON.stringify(parts)}.every((part) => it.innerText.includes(part)))`, `${activity} ${parts.join(' ')}`);
}

/** By the app; or, where that is given up, by a code that is mailed when they want it. */
export async function signsInToAdministrate(who) {
  await visit('/register');
  await signIn(who.name, START);
  await on('home', 'home.heading');
  await registersAnApp(who);
  if (who.later) await givesUpTheApp(who);
  await visit('/admin');
  await signIn(who.name, START);
  await on('second', 'second.heading');
  if (who.address) {
    await browser.click('[data-do=mail]');
    await typeMailed(who.address, 'second_proof_code');
  } else await provesByTheApp(who);
  await on('settings', 'tab.settings');
}
async function provesByTheApp(who) {
  await browser.type(shownBy(who.key, 1), '[name=code]');
  await main();
}
/** For an address, which only they may add who prove themselves by the app first. */
async function givesUpTheApp(who) {
  await browser.click('[data-do=second]');
  await on('second', 'second.heading');
  await provesByTheApp(who);
  await on('home', 'home.heading');
  who.address = who.later;
  await addsAnAddress(who);
  for (const what of ['remove', 'yes']) await browser.click(`.own [data-method=app_code] [data-do=${what}]`);
  await browser.until('!document.querySelector(".own [data-method=app_code]")', 'the app is given up');
}

export async function looksAtTheAgents() {
  await tab('agents');
  await browser.until('document.querySelectorAll("[data-agent] [data-standing=ready]").length === 2', 'both are connected and ready');
  assert.equal(await browser.value('document.querySelectorAll("[data-agent]").length'), 2);
  assert.equal((await text('[data-standing=ready]')).replace('✓', '').trim(), words['agent.ready']);
}

/** One is told a pass, the other a new password. The audit says who has done it to whom. */
export async function helps(administrator, one, other) {
  await lookUp(one);
  one.pass = await given('pass');
  await lookUp(other);
  const before = await account(other.name);
  other.temporary = await given('password');
  secrets.add(other.temporary);
  const after = await account(other.name);
  assert.deepEqual([after.changes, after.must_change], [before.changes + 1, true]);
  const actor = `administrator:${(await account(administrator.name)).guid}`;
  await tab('audit');
  await stands('account.temporary_pass_issued', actor, (await account(one.name)).guid);
  await stands('password.reset_by_admin', actor, after.guid);
}
