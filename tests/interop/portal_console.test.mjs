// The administration's agents and reports in the browser people have, against the real service.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { accessible, administrate, at, browser, focus, idle, narrow, pin, PRESENT, secrets, stage, tab, tell, text } from './portal_stage.mjs';

const ACTOR = 'administrator:6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d55';
secrets.add(PRESENT);
stage();

const has = (selector) => browser.value(`document.querySelector(${JSON.stringify(selector)}) !== null`);
const all = (selector, what) => browser.value(`[...document.querySelectorAll(${JSON.stringify(selector)})].map((it) => ${what})`);
/** Looked again until it stands there: what the agent says takes its time. */
async function seen(selector) {
  for (const end = Date.now() + 10_000; !await has(selector) && Date.now() < end;) {
    await browser.click('[data-do=look]');
    await idle();
  }
  assert.ok(await has(selector), `${selector}\n${await text('main')}`);
}
async function speak(language) {
  await browser.value(`(() => { const it = document.querySelector('.languages select'); it.value = '${language}'; it.dispatchEvent(new Event('change', { bubbles: true })); })()`);
  await browser.until(`document.documentElement.lang === '${language}'`, language);
}
const press = async (selector, key = 'Enter') => { // by the keyboard alone
  await browser.until(`(document.querySelector(${JSON.stringify(selector)})?.focus(), document.activeElement.matches(${JSON.stringify(selector)}))`, `focus ${selector}`);
  await browser.key(key);
};

it('shows who is enrolled and ready, and what they wrote', { timeout: 60_000 }, async () => {
  await administrate(PRESENT);
  await tab('agents');
  await browser.until('document.querySelector("[data-agent]")', 'the agent');
  await browser.until('document.querySelector("[data-standing=ready]")', 'it is ready');
  assert.match(await text('.lead'), /^1 agent takes jobs of corp\.example\.$/);
  assert.match(await text('#roster'), new RegExp(pin));
  assert.match(await text('[data-fact=jobs]'), /^0 of 8 at most$/);
  assert.match(await text('[data-fact=keys]'), /^Good until /);
  assert.equal(await text('[data-fact=key-since]'), await text('[data-fact=enrolled]'));
  assert.match(await text('[data-fact=last]'), /^None of late$/);
  assert.equal(await focus(), 'H1');
  await accessible();
});

it('says in words why one is not ready', { timeout: 60_000 }, async () => {
  await tell('because ldap.starttls: <b>no</b> certificate');
  await seen('[data-why=tls]');
  assert.match(await text('[data-standing]'), /Not ready: no encrypted connection to the domain controller\./);
  assert.match(await text('[data-agent]'), /It says: ldap\.starttls: <b>no<\/b> certificate/);
  assert.match(await text('.lead'), /^0 agents/);
  await accessible();
  await tell('ready');
  await seen('[data-standing=ready]');
});

it('shows what the doctor of an agent found, what it means and what mends it', { timeout: 60_000 }, async () => {
  assert.ok(!await has('[data-findings]'), 'it has not said so yet');
  const body = { age_s: 3_600, findings: [{ result: 'fail', code: 'directory.tcp', domain: 'corp.example', subject: 'dc2.corp.example:636' }, { result: 'warn', code: 'directory.hints', domain: 'corp.example', subject: 'dc1.corp.example' }, { result: 'warn', code: 'later.code' }, { result: 'pass', code: 'service', subject: 'reset.example.com' }] };
  await tell(`found ${JSON.stringify(body)}`);
  await seen('[data-findings="3"][open]');
  assert.match(await text('[data-findings] summary'), /^Its doctor found 3 troubles\. \(.+\)$/);
  assert.deepEqual(await all('[data-finding]', '[it.dataset.result, it.dataset.finding].join(" ")'), ['fail directory.tcp', 'warn directory.hints', 'warn later.code']);
  assert.match(await text('[data-finding="directory.tcp"]'), /^Failure: directory\.tcp dc2\.corp\.example:636\s+What it means: the server takes no connection, or not in time\s+What mends it: route and firewall to it: port 636/);
  assert.match(await text('[data-finding="later.code"]'), /^Warning: later\.code$/);
  assert.deepEqual(await all('[data-finding="directory.hints"] .hint code', 'it.innerText'), ['history_enforcement'], 'what is typed looks like it');
  await accessible();
  await narrow();
  await tell(`found ${JSON.stringify({ age_s: 0, findings: [{ result: 'pass', code: 'service' }] })}`);
  await seen('[data-findings="0"]');
  assert.ok(!await has('[data-findings][open]'), 'what is well takes no place');
  assert.match(await text('[data-findings] summary'), /^Its doctor found nothing amiss\./);
});

it('tells where it wrote, and how long that took', { timeout: 60_000 }, async () => {
  await tab('people');
  await browser.type('heidi@corp.example', '[name=person]');
  await browser.click('[data-do=lookup]');
  await browser.click('[data-do=password]');
  await browser.click('[data-do=password-yes]');
  secrets.add(await browser.until('document.querySelector("#given code")?.innerText', 'the password is set'));
  await browser.click('[data-do=close]');
  await tab('agents');
  await seen('[data-dc="dc1.corp.example"]');
  assert.match(await text('[data-dc]'), /^dc1\.corp\.example: 1 job, \d+\.\d s on average, the last /);
  assert.doesNotMatch(await text('[data-fact=last]'), /None/);
  await accessible();
});

it('drains an agent, the last one only once more is asked, and resumes it', { timeout: 60_000 }, async () => {
  await press('[data-do=drain]');
  await browser.until('document.activeElement.dataset.do === "drain-no"', 'the question');
  assert.match(await text('[data-agent] .notice'), /is the last agent that takes jobs of corp\.example\. Until it is resumed, or another one is ready, nobody there can reset a password\./);
  assert.ok(!await has('[role=alert] .refused'), 'that is no error');
  await accessible();
  await narrow();
  await browser.key('Enter');
  await browser.until('document.activeElement.dataset.do === "drain"', 'back where it came from');
  assert.ok(await has('[data-standing=ready]'), 'nothing is done');
  await press('[data-do=drain]');
  await browser.until('document.querySelector("[data-do=drain-yes]")');
  await press('[data-do=drain-yes]');
  await browser.until('document.querySelector("[data-standing=drained]")', 'it is drained');
  await browser.until('document.activeElement.dataset.do === "resume"', 'the focus is kept');
  assert.match(await text('[data-news=drain]'), /gets no new jobs\. It finishes what it has\.$/);
  assert.match(await text('.lead'), /^0 agents/);
  await accessible();
  await press('[data-do=resume]');
  await browser.until('document.querySelector("[data-standing=ready]")', 'and ready again');
  await browser.until('document.querySelector("[data-news=resume]")');
  await tab('audit');
  await browser.type('agent.drained', '[name=activity]');
  await browser.click('[data-do=search]');
  await browser.until('document.querySelector("#lines li")', 'the row');
  assert.match(await text('#lines'), new RegExp(`${ACTOR}[\\s\\S]*"cause":"last_ready"`));
  await tab('agents');
});

it('gives a token with the commands that use it, once, and by the keyboard', { timeout: 60_000 }, async () => {
  await press('[data-do=enrol]');
  const lines = (await browser.until('document.querySelector("#enrol[open] pre")?.innerText', 'the dialog')).split('\n');
  assert.match(lines[1], /^runuser -u writeback-agent -- writeback-agent enroll --service https:\/\/[\w.:-]+ --token-file \/run\/writeback-token$/);
  const [token] = /wbe1(\.[\w-]+){3}/.exec(lines[0]);
  secrets.add(token);
  assert.ok(await browser.value('document.querySelector("#enrol").contains(document.activeElement)'), 'it has the focus');
  await accessible();
  await browser.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await press('#enrol [data-do=copy]');
  assert.equal(await browser.until('document.querySelector("#enrol [role=status]").innerText', 'what became of it'), 'Copied.');
  assert.deepEqual((await browser.value('navigator.clipboard.readText()')).trimEnd().split('\n'), lines);
  await browser.key('Escape');
  await browser.until('!document.querySelector("#enrol")', 'it closes');
  assert.equal(await browser.value('document.activeElement.dataset.do'), 'enrol', 'back where it came from');
  assert.ok(!(await browser.value('document.documentElement.outerHTML')).includes(token));
});

it('revokes an agent after it has asked, for a reason that the audit has', { timeout: 60_000 }, async () => {
  const { spare } = await tell('spare');
  const one = `[data-agent="${spare}"]`;
  await seen(`${one}[data-state=pending] [data-standing=away]`);
  assert.match(await text(one), /The domain's root has not approved it yet/);
  await press(`${one} [data-do=revoke]`);
  await browser.until('document.activeElement.name === "reason"', 'the question why');
  await accessible();
  await press(`${one} [data-do=revoke-no]`);
  await browser.until(`document.activeElement.matches(${JSON.stringify(`${one} [data-do=revoke]`)})`, 'back again');
  assert.ok(await has(`${one}[data-state=pending]`), 'nothing is done');
  await press(`${one} [data-do=revoke]`);
  await browser.until('document.activeElement.name === "reason"');
  for (let step = 0; step < 2; step += 1) await browser.key('ArrowDown'); // to "lost"
  assert.equal(await browser.value('document.activeElement.selectedOptions[0].value'), 'lost');
  await press(`${one} [data-do=revoke-yes]`);
  await browser.until(`document.querySelector('${one}[data-state=revoked]')`, 'it is revoked');
  await browser.until('document.querySelector("[data-news=revoke]")');
  assert.ok(!await has(`${one} [data-do=revoke]`));
  assert.ok(await has('[data-standing=ready]'), 'the other one stays');
  await tab('audit');
  await browser.type('agent.revoked', '[name=activity]');
  await browser.click('[data-do=search]');
  await browser.until('document.querySelector("#lines li")', 'the row');
  assert.match(await text('#lines'), new RegExp(`${ACTOR}[\\s\\S]*"cause":"lost"`));
});

it('draws what became of resets day by day, with every number in a table', { timeout: 60_000 }, async () => {
  await tell('past');
  await tab('reports');
  await browser.until('document.querySelector("#report[data-range=\\"30\\"] .plot svg")', 'the plot');
  assert.equal(await browser.value('document.querySelectorAll(".plot [data-day]").length'), 30);
  assert.deepEqual(await all('.plot [data-day] [data-series]', '[it.closest("[data-day]").querySelectorAll("rect").length, it.dataset.series].join(" ")'),
    ['3 done', '3 refused', '3 blocked', '2 done', '2 by_administrator', '1 by_administrator'], 'the last one is the temporary password of before');
  const tall = await all('.plot [data-series=done]', 'Number(it.getAttribute("height"))');
  assert.ok(tall[0] === 2 * tall[1], `two resets are twice one unlock: ${tall}`);
  const parts = await browser.value('[...document.querySelector(".plot [data-day]:has(rect)").querySelectorAll("rect")].map((it) => [Number(it.getAttribute("y")), Number(it.getAttribute("height"))])');
  for (const [index, [y, height]] of parts.slice(1).entries()) assert.ok(Math.abs(y + height - parts[index][0]) < 0.01 && y >= 0, `one on top of the other, within the picture: ${JSON.stringify(parts)}`);
  assert.match(await browser.value('document.querySelector(".plot svg").getAttribute("aria-label")'), /^Outcomes by day: Done by people themselves 3, By administrators 2, Refused 1, Abandoned 0, Blocked 1\./);
  await press('summary', ' ');
  await browser.until('document.querySelector("#days").offsetParent', 'the table');
  const columns = ['resets', 'unlocks', 'changes', 'by_administrator', 'refused', 'abandoned', 'blocked'];
  assert.deepEqual(await all('#days tfoot td', 'it.dataset.column'), columns);
  assert.deepEqual(await all('#days tr[data-row]', '[...it.querySelectorAll("td")].map(({ innerText }) => innerText).join()'), ['2,0,0,0,1,0,1', '0,1,0,1,0,0,0', '0,0,0,1,0,0,0', '2,1,0,2,1,0,1']);
  await accessible();
});

it('counts methods, times and the registration', { timeout: 60_000 }, async () => {
  const rows = (id) => all(`#${id} tr[data-row]`, '[it.dataset.row, it.dataset.value].join(" ")');
  assert.deepEqual(await rows('methods'), ['app 3']);
  assert.match(await text('#methods'), /Authenticator app\s+3\s+100%/);
  assert.deepEqual((await rows('times')).filter((row) => !row.endsWith(' 0')), ['30 1', '120 2']);
  assert.match(await text('#times'), /up to 15 sec[\s\S]*over 10 min/);
  assert.match(await text('#report'), /Half of them took at most 1\.5 min, and 95 of 100 at most 1\.5 min\./);
  const coverage = Object.fromEntries((await rows('coverage')).map((row) => row.split(' ')));
  assert.ok(Number(coverage.people) >= Number(coverage.in_scope) && Number(coverage.in_scope) >= Number(coverage.ready) && Number(coverage.ready) > 0, JSON.stringify(coverage));
  assert.ok((await rows('registered')).some((row) => row.startsWith('app_code ')));
  assert.deepEqual((await rows('causes')).sort(), ['blocked.app 1', 'directory.rejected 1'].sort());
});

it('looks at another period, by the keyboard', { timeout: 60_000 }, async () => {
  await press('[data-range="90"]');
  await browser.until('document.querySelector("#report[data-range=\\"90\\"]")', 'three months');
  assert.equal(await browser.value('document.querySelectorAll(".plot [data-day]").length'), 90);
  assert.ok(await has('.plot [data-series=abandoned]'), 'forty days ago');
  assert.equal(await browser.value('document.querySelector("[aria-pressed=true]").dataset.range'), '90');
  await press('button[data-range="7"]');
  await browser.until('document.querySelector("#report[data-range=\\"7\\"]")', 'a week');
  assert.equal(await browser.value('document.querySelectorAll(".plot [data-day]").length'), 7);
});

it('speaks Arabic from right to left, and Japanese', { timeout: 60_000 }, async () => {
  const inOrder = 'Number(it.querySelector("rect").getAttribute("x"))';
  const [early, late] = await all('.plot [data-day]:has(rect)', inOrder);
  assert.ok(early < late);
  for (const [language, name] of [['ar', 'التقارير'], ['ja', 'レポート']]) {
    await speak(language);
    assert.equal(await text('h1'), name);
    const [one, other] = await all('.plot [data-day]:has(rect)', inOrder);
    assert.equal(one > other, language === 'ar', 'time runs as one reads');
    await accessible();
    await tab('agents');
    await browser.until('document.querySelector("[data-agent]")', 'the agents');
    await accessible();
    await tab('reports');
    await browser.until('document.querySelector(".plot svg")', 'the reports');
  }
});

it('fits a small phone in every language', { timeout: 60_000 }, async () => {
  const languages = await all('.languages option', 'it.value');
  assert.equal(languages.length, 12);
  for (const area of ['settings', 'people', 'agents', 'reports']) {
    await tab(area);
    await browser.until({ settings: 'document.querySelector("[data-do=check]")', people: 'document.querySelector("[name=person]")', agents: 'document.querySelector("[data-agent]")', reports: 'document.querySelector("#report")' }[area]);
    for (const language of languages) {
      await speak(language);
      await narrow();
    }
  }
});
