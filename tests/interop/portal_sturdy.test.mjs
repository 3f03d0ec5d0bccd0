// A reset where something comes between: the back button, a second tab, an agent that goes, an answer that is lost. Each ends in a clear state, and
// nothing is submitted twice. The service is the real one, and so is its agent's word that it is ready or not; what takes minutes to come about
// (a doubt, an agent that says nothing, a block, a code's end) is the service's answer, changed on its way to what it would be then (`instead`).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { accessible, arrival, at, browser, directory, forget, idle, pick, refuse, secrets, stage, tell, text } from './portal_stage.mjs';

const PASSWORD = 'Sturdy-Passw0rd-1', OTHER = 'Second-Passw0rd-2';
for (const one of [PASSWORD, OTHER]) secrets.add(one);
stage();
const read = (where, language = 'en') => JSON.parse(readFileSync(new URL(`../../${where}/messages/${language}.json`, import.meta.url)));
const words = read('portal/src'), told = read('service');
const SUBMIT = '**/api/v1/sspr/session/password*', ANSWER = '**/api/v1/sspr/session/answer*', BEGIN = '**/api/v1/sspr/sessions*';

async function begin(name) {
  await forget();
  await at('name');
  await browser.type(name);
  await browser.click('button.main');
}
/** Up to the choice, by a helpdesk's pass: unlike an app's code there is always another one. */
async function prove(name) {
  const { pass } = await tell(`pass ${name}`);
  await begin(name);
  await at('methods-0');
  await browser.click('[data-method=pass]');
  await at('pass');
  await browser.type(pass);
  await browser.click('button.main');
  await at('choosing');
}
async function choose() {
  await browser.click('[data-choice=reset]');
  await at('new_password');
  await browser.until('document.querySelector("[name=new-password]")', 'the form');
}
async function submit(password = PASSWORD) {
  await browser.type(password, '[name=new-password]');
  await browser.type(password, '[name=new-password-again]');
  await browser.click('button.main');
}
const submitted = (since) => browser.sent.slice(since).filter(({ method, url: to }) => method === 'POST' && to.includes('/session/password')).length;
const written = () => directory.splice(0).map(({ set, unlocked }) => set ?? unlocked);
async function awayAndBack() {
  await browser.page.goBack();
  assert.equal(browser.page.url(), 'about:blank');
  await browser.page.goForward();
}
/** The tab that stands there, twice: as a browser does it, with what the tab keeps. */
async function duplicate() {
  const coming = browser.context.waitForEvent('page');
  await browser.value('void open(location.href)');
  return coming;
}
/** What `work` does is done in that tab. */
async function within(tab, work) {
  const was = browser.page;
  browser.page = tab;
  await tab.bringToFront();
  try {
    await work();
  } finally {
    browser.page = was;
    await was.bringToFront();
  }
}
/** The next answer there: the service does what it was asked, and the page hears what `made` makes of its answer. */
const instead = (where, made) => browser.page.route(where, async (route) => {
  const response = await route.fetch();
  const { status, ...body } = made(await response.json());
  await route.fulfill({ response, status, json: body });
}, { times: 1 });
/** As the service words it: with `until` in UTC, and once without. */
const worded = (code, until) => {
  const undated = told[`refusal.${code}`];
  return until ? { dated: `${undated} ${told['told.try_again_after'].replace('{moment}', `${new Date(until * 1000).toISOString().slice(11, 16)} UTC`)}`, more: { until, undated } } : { dated: undated, more: {} };
};
const refusal = (status, code, until, more = {}) => ({ status, code, detail: worded(code, until).dated, ...worded(code, until).more, ...more });
const ended = (status, code, until) => ({ session: { result: _, ...session } }) => {
  const { dated, more } = worded(code, until);
  return refusal(status, code, until, { session: { ...session, phase: 'over', end: { code, text: dated, ...more } } });
};
/** Once, as the clock on the wall says it. */
const tokyo = (seconds) => new Date(Math.ceil(seconds / 60) * 60_000).toLocaleTimeString('en', { hour: 'numeric', minute: '2-digit', timeZone: 'Asia/Tokyo' }).replace(/\s/g, ' ');
function toldInTokyo(said, until) {
  said = said.replace(/\s/g, ' ');
  const times = said.match(/\d{1,2}:\d\d/g);
  assert.equal(times?.length, 1, said);
  assert.ok(said.includes(`${tokyo(until)} GMT+9`) && !said.includes('UTC'), said);
}
const over = async (code, heading) => {
  await at('over');
  await browser.refused(code);
  assert.equal(await text('h1'), words[heading]);
  await accessible();
  assert.equal(await browser.value('sessionStorage.length'), 0, 'it is forgotten');
  await browser.click('#again');
  await at('name');
};

it('the back button leaves the page, and forward goes on where the person was', { timeout: 60_000 }, async () => {
  await prove('alice@corp.example');
  await awayAndBack();
  await at('choosing');
  await choose();
  await browser.type(PASSWORD, '[name=new-password]');
  await awayAndBack();
  await at('new_password');
  await browser.until('document.querySelector("[name=new-password]")?.value === ""', 'what was typed is not kept');
  await accessible();
  await submit();
  await at('done');
  const since = browser.sent.length;
  await awayAndBack();
  await at('name');
  await idle();
  assert.equal(submitted(since), 0);
  assert.deepEqual(written(), [PASSWORD]);
});

it('while the directory is asked, neither the back button nor a second tab sends anything again', { timeout: 60_000 }, async () => {
  await prove('erin@corp.example');
  await choose();
  const other = await duplicate();
  await within(other, async () => {
    await at('new_password');
    await browser.until('document.querySelector("[name=new-password]")', 'the form');
  });
  const arriving = new Promise((resolve) => { arrival.came = resolve; });
  await submit();
  await arriving;
  const since = browser.sent.length;
  await awayAndBack();
  await browser.until('document.querySelector("main")?.dataset.screen === "writing"', 'the waiting goes on');
  await within(other, async () => {
    await submit(OTHER);
    await browser.refused('wrong_step');
    await browser.until('document.querySelector("main").dataset.screen === "writing" && document.querySelector("main").dataset.busy', 'it waits for the same');
    assert.ok(!await browser.value('document.querySelector("main button")'), 'there is nothing to press meanwhile');
    await accessible();
  });
  await tell('go');
  await at('done');
  await within(other, () => at('done'));
  await other.close();
  assert.deepEqual(written(), [PASSWORD]);
  assert.equal(submitted(since), 1, "the second tab's, which was refused");
});

it('of two tabs one finishes, and the other says so instead of setting a second password', { timeout: 60_000 }, async () => {
  await prove('bob@corp.example');
  const other = await duplicate();
  await within(other, () => at('choosing'));
  await choose();
  await within(other, choose);
  await submit();
  await at('done');
  await within(other, async () => {
    await submit(OTHER);
    await at('done');
    await browser.refused('wrong_step');
    assert.equal(await text('.refused'), words['problem.wrong_step']);
    assert.equal(await text('.took'), '', 'how long it took, this tab does not know');
    await accessible();
    assert.equal(await browser.value('sessionStorage.length'), 0);
  });
  await other.close();
  assert.deepEqual(written(), [PASSWORD]);
});

it('of two tabs one gives up, and the other is told that it is over', { timeout: 60_000 }, async () => {
  await begin('carol@corp.example');
  await at('methods-0');
  const other = await duplicate();
  await within(other, () => at('methods-0'));
  const given = browser.context.waitForEvent('request', (one) => one.method() === 'DELETE').then((one) => one.response());
  await browser.click('#again');
  await at('name');
  await given.catch(() => undefined);
  await within(other, async () => {
    await browser.click('[data-method=pass]');
    await at('over');
    await pick('ar');
    await browser.until('document.querySelector("main .refused").lang === "ar"', 'the end in Arabic');
    assert.equal(await text('main .refused'), read('service', 'ar')['refusal.cancelled']);
    await pick('en');
    await browser.until('document.querySelector("main .refused").lang === "en"', 'the end in English again');
    await over('cancelled', 'over.heading');
  });
  await other.close();
});

it('without an agent that is ready nothing begins, and with one the same button goes on', { timeout: 60_000 }, async () => {
  await tell('because dc_unreachable');
  await begin('dave@corp.example');
  assert.match(await browser.refused('no_agent_ready'), /Nothing was changed: try again in a few minutes/);
  await at('name');
  await accessible();
  await tell('ready');
  await browser.click('button.main');
  await at('methods-0');
});

it('an agent that goes away in the middle is told, and the person goes on when it is back', { timeout: 60_000 }, async () => {
  await prove('frank@corp.example');
  await tell('because dc_unreachable');
  await browser.click('[data-choice=unlock]');
  await browser.refused('try_again');
  await at('choosing');
  await accessible();
  await browser.click('[data-choice=reset]');
  await browser.refused('no_agent_ready');
  await at('new_password');
  await accessible();
  await tell('ready');
  await browser.click('main button.main');
  await browser.until('document.querySelector("[name=new-password]")', 'the form');
  await tell('because dc_unreachable');
  await submit();
  assert.match(await browser.refused('try_again'), /Nothing was changed/);
  await at('new_password');
  await accessible();
  await tell('ready');
  await browser.click('button.main'); // what was typed still stands there
  await at('done');
  assert.deepEqual(written(), [PASSWORD], 'and no unlock');
});

it('agents that state their keys at this very moment are waited for, and nobody has to prove anything again', { timeout: 60_000 }, async () => {
  await prove('grace@corp.example');
  const SEAL = '**/api/v1/sspr/session/seal*';
  let asked = 0;
  await browser.page.route(SEAL, async (route) => {
    const response = await route.fetch();
    const { keys, ...rest } = await response.json();
    asked += 1;
    await route.fulfill({ response, json: { ...rest, keys: { ...keys, statements: [] } } });
  });
  await choose();
  await submit();
  assert.equal(await browser.refused('no_agents'), words['problem.no_agents']);
  await at('new_password');
  assert.ok(asked > 3, 'several times, by itself');
  assert.equal(await browser.value('document.querySelector("[name=new-password]").value'), PASSWORD, 'what was typed stays');
  await accessible();
  await browser.page.unroute(SEAL);
  await browser.click('button.main');
  await at('done');
  assert.deepEqual(written(), [PASSWORD]);
});

it('an agent that says nothing about the account ends it, and so does a block, with the time when it is over', { timeout: 60_000 }, async () => {
  const { pass } = await tell('pass dave@corp.example');
  await browser.begin({ zone: 'Asia/Tokyo' });
  for (const [status, code, until] of [[503, 'unreachable'], [429, 'blocked', Math.floor(Date.now() / 1000) + 600]]) {
    await begin('dave@corp.example');
    await at('methods-0');
    await browser.click('[data-method=pass]');
    await at('pass');
    await instead(ANSWER, ended(status, code, until));
    await browser.type(code === 'blocked' ? '0000-0000-0000' : pass);
    await browser.click('button.main');
    await at('over');
    assert.equal(await browser.value('document.querySelectorAll("main section p").length'), until ? 2 : 1);
    if (until) toldInTokyo(await text('main section'), until);
    await over(code, 'over.heading');
  }
  const until = Math.floor(Date.now() / 1000) + 600;
  await instead(BEGIN, () => refusal(429, 'blocked', until));
  await browser.type('dave@corp.example');
  await browser.click('button.main');
  await browser.refused('blocked');
  await at('name');
  assert.equal(await browser.value('document.querySelectorAll(".refused p").length'), 2, 'why, and from when on it makes sense again');
  toldInTokyo(await text('.refused'), until);
  await accessible();
});

it('a doubt says that the new password may work already, and a lost answer is asked for: neither sends it again', { timeout: 60_000 }, async () => {
  await prove('judy@corp.example');
  await choose();
  const since = browser.sent.length;
  await instead(SUBMIT, ended(403, 'in_doubt'));
  await submit();
  await over('in_doubt', 'over.doubt');
  await prove('heidi@corp.example');
  await choose();
  await browser.page.route(SUBMIT, async (route) => {
    await route.fetch();
    await refuse(route);
  }, { times: 1 });
  await submit(OTHER);
  await browser.refused('offline');
  await browser.click('[data-code=offline] button');
  await at('done');
  assert.deepEqual(written(), [PASSWORD, OTHER]);
  assert.equal(submitted(since), 2);
});

it('a code that has expired is told, and so is another one that is wanted too soon', { timeout: 60_000 }, async () => {
  await browser.begin({ zone: 'Asia/Tokyo' });
  await begin('ivan@corp.example');
  await at('methods-0');
  await browser.click('[data-method=email]');
  await at('email');
  await instead(ANSWER, ({ session }) => refusal(422, 'code_expired', undefined, { session: { ...session, resend_from: 0 } }));
  await browser.type('00000000');
  await browser.click('button.main');
  await browser.refused('code_expired');
  await at('email');
  await accessible();
  const soon = browser.context.waitForEvent('response', (one) => one.url().includes('/session/method')).then((one) => one.json());
  await browser.click('main form ~ button.plain');
  await browser.refused('too_soon');
  const { detail, until } = await soon;
  assert.match(detail, / UTC on /, 'for who reads no number');
  toldInTokyo(await text('.refused'), until);
  await at('email');
  assert.ok((await text('.hint')).length > 10, 'it says from when on');
  await accessible();
});
