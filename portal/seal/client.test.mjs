// The client against a fake service over real TLS: exit codes, the printed line, what it repeats and what it does not.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, beforeEach, describe, it } from 'node:test';
import { ANSWER, makeDomain, open } from './fake_domain.mjs';

const SCRIPT = fileURLToPath(new URL('../../scripts/reset', import.meta.url));
const PROBE = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const PASSWORD = 'Correct-Hörse-1 "\\';
const clock = () => Math.floor(Date.now() / 1000);
let folder, domain, server, port, seen, plan;

const error = (status, code) => ({ status, body: { error: { code, message: `it says ${code}` } } });
const final = (outcome, more = {}) => ({ body: { jti: 'x', state: 'final', outcome, text: 'A sentence.', agent: 'agent-1', dc: 'dc1', attempts: 1, duration_ms: 9, correlation_id: 'C', ...more } });
const waiting = { body: { jti: 'x', state: 'applying', attempts: 1, duration_ms: 1, correlation_id: 'C' } };
const accepted = { status: 202, body: { jti: 'x', state: 'ready', correlation_id: 'C' } };
const drop = { drop: true };

// Each call takes the next answer of its list; the last one stays.
const take = (list) => (list.length > 1 ? list.shift() : list[0]);
async function answer(request, body) {
  seen.push({ call: `${request.method} ${request.url}`, body: body && JSON.parse(body), authorization: request.headers.authorization, socket: request.socket });
  if (request.url === '/api/v1/keys') return take(plan.keys);
  if (request.url === '/api/v1/probes') return take(plan.probes);
  if (request.url.startsWith('/api/v1/jobs?')) return take(plan.submits);
  return take(plan.follows);
}
const calls = (start) => seen.filter(({ call }) => call.startsWith(start));

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wb-client-'));
  const make = (name) => execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.pem`)], { stdio: 'ignore' });
  make('service');
  make('stranger');
  domain = await makeDomain();
  server = https.createServer({ key: readFileSync(join(folder, 'service.key')), cert: readFileSync(join(folder, 'service.pem')) }, (request, response) => {
    let body = '';
    request.on('data', (chunk) => { body += chunk; });
    request.on('end', async () => {
      const reply = await answer(request, body);
      if (reply.drop) return request.socket.destroy();
      if (reply.silent) return undefined;
      response.writeHead(reply.status ?? 200, { 'content-type': 'application/json' });
      return response.end(reply.raw ?? JSON.stringify(reply.body));
    });
  });
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  ({ port } = server.address());
});
after(() => { server.closeAllConnections(); server.close(); rmSync(folder, { recursive: true }); });
beforeEach(async () => {
  seen = [];
  const now = clock();
  const times = { iat: now - 60, exp: now + 3600 };
  const statements = await Promise.all(domain.agents.map((agent) => domain.statement(agent, times)));
  plan = {
    keys: [{ body: await domain.keys({ now, roster: await domain.roster(times), statements }) }],
    probes: [{ body: { probe: PROBE, outcome: 'ok', text: '', agent: 'agent-1', dc: 'dc1', answer: { ...ANSWER, now } } }],
    submits: [accepted], follows: [waiting, final('applied')],
  };
});

// Runs scripts/reset as a person would. Asynchronous: the service is in this process.
async function run(args, { password = PASSWORD, credential = {}, ca = 'service.pem', environment = {} } = {}) {
  const file = join(folder, 'client.json');
  writeFileSync(file, JSON.stringify({ url: `https://127.0.0.1:${port}`, id: 'c1', secret: 's3cret', domain: 'corp.example', tenant: 'default', dr: domain.root.kid, ...credential }));
  const child = spawn(process.execPath, [SCRIPT, ...args], { env: { PATH: process.env.PATH, WB_CLIENT_FILE: file, WB_CA_FILE: join(folder, ca), ...environment } });
  let out = '', err = '';
  child.stdout.on('data', (chunk) => { out += chunk; });
  child.stderr.on('data', (chunk) => { err += chunk; });
  child.stdin.on('error', () => {}); // a usage error does not wait for it
  child.stdin.end(password);
  const code = await new Promise((done) => { child.on('close', done); });
  assert.ok(!out.includes('Correct-H') && !err.includes('Correct-H'), 'the password is in the output');
  return { code, out, err, line: out && JSON.parse(out) };
}
const unsealed = (n) => open(calls('POST /api/v1/jobs')[n].body.sealed, { kid: domain.agents[0].ae.kid, privateKey: domain.agents[0].ae.privateKey });
const opened = async (n) => JSON.parse((await unsealed(n)).text).pw;

describe('a reset that is applied', () => {
  it('exits 0 and prints one line with every member', async () => {
    const { code, out, line } = await run(['alice']);
    assert.equal(code, 0);
    assert.equal(out.trimEnd().split('\n').length, 1);
    assert.deepEqual(Object.keys(line), ['outcome', 'reason', 'text', 'retry_after', 'agent', 'dc', 'attempts', 'duration_ms', 'correlation_id']);
    const { duration_ms, ...rest } = line;
    assert.deepEqual(rest, { outcome: 'applied', reason: null, text: 'A sentence.', retry_after: null, agent: 'agent-1', dc: 'dc1', attempts: 1, correlation_id: 'C' });
    assert.ok(duration_ms > 0);
    assert.deepEqual(seen.map(({ call }) => call.replace(/jobs.*/, 'jobs')).sort(), ['GET /api/v1/jobs', 'GET /api/v1/jobs', 'GET /api/v1/keys', 'POST /api/v1/jobs', 'POST /api/v1/probes']);
  });
  it('carries the credential on one TLS 1.3 connection, and the password only sealed', async () => {
    await run(['alice', '--unlock', '--must-change']);
    for (const { authorization } of seen) assert.equal(authorization, 'Bearer wbc1.c1.s3cret');
    assert.equal(new Set(seen.map(({ socket }) => socket)).size, 1);
    assert.equal(calls('POST /api/v1/probes')[0].body.name, 'alice');
    const { probe, op, opts } = calls('POST /api/v1/jobs')[0].body;
    assert.deepEqual([probe, op], [PROBE, 'reset']);
    assert.deepEqual(opts, { unlock: true, must_change: true });
    assert.equal(await opened(0), PASSWORD);
    for (const { body } of seen) assert.ok(!JSON.stringify(body).includes('Correct-H'));
  });
  it('takes one newline off the end and nothing else', async () => {
    for (const [typed, sealed] of [[`${PASSWORD}\n`, PASSWORD], [`${PASSWORD}\n\n`, `${PASSWORD}\n`], [` ${PASSWORD} `, ` ${PASSWORD} `], ['\uFEFFe\u0301', '\uFEFFe\u0301']]) {
      seen = [];
      plan.follows = [final('applied_but', { also: ['still_locked'] })];
      assert.equal((await run(['alice'], { password: typed })).code, 0);
      assert.equal(await opened(0), sealed);
    }
  });
});

describe('a submit that waits', () => {
  it('is the only request about the job when its answer is the outcome', async () => {
    plan.submits = [final('applied')];
    assert.equal((await run(['alice'])).code, 0);
    assert.deepEqual(seen.map(({ call }) => call.replace(/=\d+/, '=N')).sort(), ['GET /api/v1/keys', 'POST /api/v1/jobs?wait_ms=N', 'POST /api/v1/probes']);
    assert.match(calls('POST /api/v1/jobs')[0].call, /wait_ms=25000$/);
  });
  it('waits no longer than the person does', async () => {
    plan.submits = [final('applied')];
    await run(['alice', '--timeout-ms', '4000']);
    const wait = Number(calls('POST /api/v1/jobs')[0].call.split('=')[1]);
    assert.ok(wait > 1000 && wait <= 3500, `${wait}`);
  });
  it('is followed when it is only accepted', async () => {
    assert.equal((await run(['alice'])).code, 0);
    assert.equal(calls('GET /api/v1/jobs/').length, 2);
  });
});

describe('a job in doubt', () => {
  const doubt = { body: { jti: 'x', state: 'resolving', outcome: 'in_doubt', text: 'Try it.', attempts: 1, duration_ms: 9, correlation_id: 'C' } };
  it('is told as such at once, whichever request says so', async () => {
    for (const [submits, follows] of [[[doubt], [final('applied')]], [[accepted], [waiting, doubt]]]) {
      Object.assign(plan, { submits, follows });
      const { code, line } = await run(['alice']);
      assert.deepEqual([code, line.outcome, line.text], [3, 'in_doubt', 'Try it.']);
    }
  });
  it('on another domain controller makes a reset unavailable', async () => {
    plan.submits = [error(409, 'in_doubt')];
    const { code, line } = await run(['alice']);
    assert.deepEqual([code, line.outcome, line.reason], [3, 'unavailable', 'in_doubt']);
    assert.equal(calls('POST /api/v1/probes').length, 1);
  });
});

describe('a refusal', () => {
  for (const [outcome, reason] of [['rejected', 'too_young'], ['denied', 'protected'], ['failed', 'directory_error'], ['superseded', undefined], ['invalid', 'decrypt']]) {
    it(`${outcome} exits 1 with its reason`, async () => {
      plan.follows = [final(outcome, { reason, retry_after: 1_800_000_000 })];
      const { code, line } = await run(['alice']);
      assert.deepEqual([code, line.outcome, line.reason, line.retry_after], [1, outcome, reason ?? null, 1_800_000_000]);
    });
  }
  it('of the probe ends there: nothing is sealed', async () => {
    plan.probes = [{ body: { probe: PROBE, outcome: 'denied', reason: 'protected', text: 'No.', agent: 'agent-1', dc: 'dc1' } }];
    const { code, line } = await run(['boss']);
    assert.deepEqual([code, line.outcome, line.reason, line.agent], [1, 'denied', 'protected', 'agent-1']);
    assert.equal(calls('POST /api/v1/jobs').length, 0);
  });
  it('of what is no password comes before anything is sent', async () => {
    for (const [password, reason] of [['', 'empty'], ['\n', 'empty'], ['x'.repeat(257), 'too_long'], [Buffer.from([0x41, 0xff]), 'not_unicode'], ['a\0b', 'not_unicode']]) {
      const { code, line } = await run(['alice'], { password });
      assert.deepEqual([code, line.outcome, line.reason], [1, 'rejected', reason]);
    }
    assert.equal(seen.length, 0);
  });
  it('of the request itself is invalid', async () => {
    plan.probes = [error(400, 'bad_request')];
    const { code, line } = await run(['x']);
    assert.deepEqual([code, line.outcome, line.reason], [1, 'invalid', 'bad_request']);
  });
});

describe('a stale probe', () => {
  it('is made anew, and the password sealed anew, without a word', async () => {
    plan.submits = [error(409, 'conflict'), error(410, 'gone'), accepted];
    assert.equal((await run(['alice'])).code, 0);
    assert.equal(calls('POST /api/v1/probes').length, 3);
    assert.equal(new Set(calls('POST /api/v1/jobs').map(({ body }) => body.sealed)).size, 3);
  });
  it('is given up after two more tries', async () => {
    plan.submits = [error(409, 'conflict')];
    const { code, line } = await run(['alice']);
    assert.deepEqual([code, line.outcome, line.reason], [3, 'unavailable', 'conflict']);
    assert.equal(calls('POST /api/v1/probes').length, 3);
  });
  it('that the agent finds is handled the same way', async () => {
    plan.follows = [final('reprobe'), final('reprobe'), final('applied')];
    assert.equal((await run(['alice'])).code, 0);
    plan.follows = [final('reprobe')];
    seen = [];
    const { code, line } = await run(['alice']);
    assert.deepEqual([code, line.outcome], [3, 'reprobe']);
    assert.equal(calls('POST /api/v1/jobs').length, 3);
  });
});

describe('a reset that was voided', () => {
  it('is begun again from its probe, at most twice', async () => {
    plan.submits = [final('failed', { reason: 'void' }), final('failed', { reason: 'void' }), final('applied')];
    assert.equal((await run(['alice'])).code, 0);
    assert.equal(new Set(calls('POST /api/v1/jobs').map(({ body }) => body.sealed)).size, 3);
    assert.equal(calls('POST /api/v1/probes').length, 3);
    plan.submits = [final('failed', { reason: 'void' })];
    seen = [];
    const { code, line } = await run(['alice']);
    assert.deepEqual([code, line.outcome, line.reason], [1, 'failed', 'void']);
    assert.equal(calls('POST /api/v1/jobs').length, 3);
  });
  it('is not begun again for any other failure', async () => {
    plan.submits = [final('failed', { reason: 'dc_unavailable' })];
    assert.equal((await run(['alice'])).code, 1);
    assert.equal(calls('POST /api/v1/jobs').length, 1);
  });
});

describe('an unknown outcome', () => {
  for (const outcome of ['unknown', 'in_doubt', 'expired', 'unavailable', 'busy']) {
    it(`${outcome} exits 3`, async () => {
      plan.follows = [final(outcome)];
      const { code, line } = await run(['alice']);
      assert.deepEqual([code, line.outcome], [3, outcome]);
    });
  }
  it('is what no answer in time is called', async () => {
    plan.follows = [waiting];
    const { code, line } = await run(['alice', '--timeout-ms', '700']);
    assert.deepEqual([code, line.outcome, line.reason, line.correlation_id], [3, 'unknown', 'deadline', 'C']);
  });
  it('is what a submit that nobody answered is called, never unavailable', async () => {
    for (const reply of [drop, { silent: true }]) {
      plan.submits = [reply];
      const { code, line } = await run(['alice', '--timeout-ms', '1500']);
      assert.deepEqual([code, line.outcome, line.reason], [3, 'unknown', 'unreachable']);
    }
  });
  it('is what a job is called that the service has lost', async () => {
    plan.follows = [error(404, 'not_found')];
    const { code, line } = await run(['alice']);
    assert.deepEqual([code, line.outcome, line.reason], [3, 'unknown', 'not_found']);
  });
});

describe('a service that goes away for a moment', () => {
  it('gets the very same submit again, and is asked on', async () => {
    plan.submits = [drop, error(503, 'unavailable'), accepted];
    plan.follows = [waiting, drop, error(503, 'unavailable'), final('applied')];
    assert.equal((await run(['alice'])).code, 0);
    const sent = calls('POST /api/v1/jobs').map(({ body }) => JSON.stringify(body));
    assert.equal(sent.length, 3);
    assert.equal(new Set(sent).size, 1);
    assert.equal(calls('POST /api/v1/probes').length, 1);
  });
  it('and refuses afterwards leaves the outcome unknown', async () => {
    plan.submits = [drop, error(409, 'conflict')];
    const { code, line } = await run(['alice']);
    assert.deepEqual([code, line.outcome, line.reason], [3, 'unknown', 'conflict']);
  });
});

describe('a service that can not be used', () => {
  const exits3 = async (reason, options, args = ['alice']) => {
    const { code, line } = await run(args, options);
    assert.deepEqual([code, line.reason], [3, reason]);
    assert.equal(calls('POST /api/v1/jobs').length, 0);
    return line;
  };
  it('is unreachable when nobody listens', () => exits3('unreachable', { credential: { url: 'https://127.0.0.1:1' } }));
  it('is unreachable when its certificate is of somebody else', async () => { await exits3('unreachable', { ca: 'stranger.pem' }); assert.equal(seen.length, 0); });
  it('is unreachable when it is silent', async () => { plan.keys = [{ silent: true }]; await exits3('unreachable', {}, ['alice', '--timeout-ms', '500']); });
  it('is unreachable when it does not speak JSON', async () => { plan.keys = [{ raw: '<html>' }]; await exits3('unreachable'); plan.keys = [{ raw: 'null' }]; await exits3('unreachable'); });
  it('is unavailable to a wrong credential', async () => { plan.keys = [error(401, 'unauthorized')]; await exits3('unauthorized'); });
  it('is busy when it says so', async () => { plan.probes = [error(429, 'busy')]; assert.equal((await exits3('busy')).outcome, 'busy'); });
  it('is not believed under another root', () => exits3('foreign_root', { credential: { dr: 'A'.repeat(43) } }));
  it('is not believed without a roster, or with nonsense for an answer', async () => {
    const keys = plan.keys[0].body;
    plan.keys = [{ body: { ...keys, roster: null } }];
    await exits3('malformed');
    plan.keys = [{ body: { ...keys, now: 'soon' } }];
    await exits3('malformed');
    plan.keys = [{ body: { ...keys, statements: null } }];
    await exits3('malformed');
  });
});

describe('a change', () => {
  it('seals the old and the new password for this operation and exits as a reset does', async () => {
    for (const typed of [`Old-Passw0rd-1\n${PASSWORD}\n`, `Old-Passw0rd-1\r\n${PASSWORD}\r\n`, `Old-Passw0rd-1\n${PASSWORD}`]) {
      seen = [];
      plan.follows = [final('applied')];
      assert.equal((await run(['alice', '--change'], { password: typed })).code, 0);
      const { op, opts } = calls('POST /api/v1/jobs')[0].body;
      assert.deepEqual([op, opts], ['change', {}]);
      const { header, text } = await unsealed(0);
      const { pw, old } = JSON.parse(text);
      assert.deepEqual([header.wb.op, old, pw], ['change', 'Old-Passw0rd-1', PASSWORD]);
    }
    plan.follows = [final('rejected', { reason: 'old_password_wrong' })];
    const { code, line } = await run(['alice', '--change'], { password: `wrong\n${PASSWORD}` });
    assert.deepEqual([code, line.reason], [1, 'old_password_wrong']);
  });
  it('of what is no password, on either line, comes before anything is sent', async () => {
    for (const [password, reason] of [[`\n${PASSWORD}\n`, 'empty'], [`${PASSWORD}\n\n`, 'empty'], [`${PASSWORD}\n`, 'empty'], [Buffer.from([0xff, 10, 0x41]), 'not_unicode'], [`${'x'.repeat(257)}\ny`, 'too_long']]) {
      const { code, line } = await run(['alice', '--change'], { password });
      assert.deepEqual([code, line.outcome, line.reason], [1, 'rejected', reason]);
    }
    assert.equal(seen.length, 0);
  });
});

describe('a sign-in', () => {
  it('seals the one password, sends nothing to be written, and exits 0 when it is right', async () => {
    plan.submits = [final('ok', { text: 'Your password is right.' })];
    const { code, line } = await run(['alice', '--authenticate'], { password: `${PASSWORD}\n` });
    assert.deepEqual([code, line.outcome, line.text], [0, 'ok', 'Your password is right.']);
    assert.equal(calls('POST /api/v1/jobs')[0].body.op, 'authenticate');
    const { header, text } = await unsealed(0);
    assert.equal(header.wb.op, 'authenticate');
    assert.deepEqual(Object.keys(JSON.parse(text)), ['pw', 'pad']);
  });
  it('exits 1 when it is wrong or of no use, and 3 when nobody knows', async () => {
    for (const [outcome, reason, exits] of [['rejected', 'old_password_wrong', 1], ['failed', 'must_change', 1], ['denied', 'lockout_near', 1], ['unknown', undefined, 3]]) {
      plan.submits = [final(outcome, { reason })];
      assert.equal((await run(['alice', '--authenticate'])).code, exits, outcome);
    }
    plan.submits = [drop];
    const { line } = await run(['alice', '--authenticate', '--timeout-ms', '1500']);
    assert.match(line.text, /whether the password is right/);
  });
  it('is not begun again when its end is unknown', async () => {
    plan.submits = [final('unknown')];
    await run(['alice', '--authenticate']);
    assert.equal(calls('POST /api/v1/jobs').length, 1);
  });
});

describe('an unlock alone', () => {
  it('takes no password and seals nothing', async () => {
    plan.follows = [final('applied')];
    assert.equal((await run(['alice', '--unlock-only'], { password: '' })).code, 0);
    assert.deepEqual(calls('POST /api/v1/jobs')[0].body, { probe: PROBE, op: 'unlock' });
    assert.equal(calls('GET /api/v1/keys').length, 0);
    assert.equal(calls('GET /api/v1/jobs/x').length, 1, 'followed under the name the service gave it');
  });
  it('ends with the probe that is refused', async () => {
    plan.probes = [{ body: { probe: PROBE, outcome: 'failed', reason: 'not_found', text: 'No.', agent: 'agent-1', dc: 'dc1' } }];
    const { code, line } = await run(['nobody', '--unlock-only'], { password: '' });
    assert.deepEqual([code, line.reason], [1, 'not_found']);
    assert.equal(calls('POST /api/v1/jobs').length, 0);
  });
});

describe('a call that is wrong', () => {
  it('exits 2, says why on standard error and sends nothing', async () => {
    const wrong = [[[]], [['alice', 'bob']], [['alice', '--nonsense']], [['alice', '--timeout-ms', 'soon']],
      [['alice', '--change', '--authenticate']], [['alice', '--change', '--must-change']], [['alice', '--unlock-only', '--unlock']], [['alice', '--change'], { password: 'one line' }], [['alice'], { environment: { WB_CLIENT_FILE: '/nonexistent' } }], [['alice'], { environment: { WB_CA_FILE: '/nonexistent' } }], [['alice'], { credential: { dr: 5 } }], [['alice'], { credential: { url: 'http://127.0.0.1' } }]];
    for (const [args, options] of wrong) {
      const { code, out, err } = await run(args, options);
      assert.deepEqual([code, out], [2, ''], JSON.stringify([args, options]));
      assert.match(err, /usage: scripts\/reset USER/);
    }
    assert.equal(seen.length, 0);
  });
  it('prints its usage for --help', () => { assert.match(execFileSync(process.execPath, [SCRIPT, '--help'], { encoding: 'utf8' }), /^usage: /); });
});
