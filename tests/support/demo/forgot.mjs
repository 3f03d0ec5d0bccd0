#!/usr/bin/env node
// What the page of a reset does, without a browser: a name, a code from the demo's mail-box, a password that is sealed here.
//   WB_CLIENT_FILE=client.json WB_CA_FILE=ca.pem node forgot.mjs NAME ADDRESS-BEGINS MAILBOX < new-password
// client.json names the service and the domain's root; its credential is not used: self-service needs none.
import { createHash, webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { sealFor } from '../../../portal/seal/seal.mjs';

globalThis.crypto ??= webcrypto; // Node 18
const PATIENCE_MS = 20_000;
const { url, tenant, domain, dr: pin } = JSON.parse(readFileSync(process.env.WB_CLIENT_FILE, 'utf8'));
const ca = readFileSync(process.env.WB_CA_FILE);
let token;

function call(method, path, body) {
  const text = body && JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const request = https.request(url + path, { method, ca, signal: AbortSignal.timeout(PATIENCE_MS), headers: { ...(token && { authorization: `Bearer ${token}` }), ...(text && { 'content-type': 'application/json' }) } }, async (response) => {
      try {
        let answer = '';
        for await (const chunk of response.setEncoding('utf8')) if ((answer += chunk).length > 1 << 20) throw new Error('the answer is too large');
        answer = JSON.parse(answer);
        if (response.statusCode >= 400) reject(new Error(`${answer.code}: ${answer.detail}`)); else resolve(answer);
      } catch (error) { reject(error); }
    });
    request.on('error', reject);
    request.end(text);
  });
}

/** ALTCHA's proof of work: the number below `maxnumber` whose hash with the salt is the challenge. */
async function captcha() {
  const { maxnumber, ...asked } = await call('GET', '/api/v1/sspr/captcha');
  const fits = (number) => createHash('sha256').update(asked.salt + number).digest('hex') === asked.challenge;
  for (let number = 0; number <= maxnumber; number += 1) if (fits(number)) return Buffer.from(JSON.stringify({ ...asked, number })).toString('base64');
  throw new Error('the captcha has no solution');
}

/** The newest code that was mailed to an address which begins so; waited for. */
async function mailedCode(mailbox, begins) {
  let arrived = 0;
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) {
    const answer = await (await fetch(`${mailbox}mails?past=${arrived}`)).json();
    ({ arrived } = answer);
    const code = answer.mails.filter(({ to }) => to.startsWith(begins)).map(({ text }) => /^\s*(\d{4}[ -]?\d{4})\s*$/m.exec(text)?.[1]).find(Boolean);
    if (code) return code;
  }
  throw new Error(`no code came to ${begins}`);
}

async function forgot(name, begins, mailbox, password) {
  ({ token } = await call('POST', '/api/v1/sspr/sessions', { name, captcha: await captcha() }));
  await call('POST', '/api/v1/sspr/session/method', { method: 'email' });
  await call('POST', '/api/v1/sspr/session/answer', { code: await mailedCode(mailbox, begins) });
  await call('POST', '/api/v1/sspr/session/choice', { choice: 'reset' });
  const offer = await call('POST', '/api/v1/sspr/session/seal');
  const { sealed } = await sealFor(offer.keys, offer.answer, password, { pin, tenant, domain, op: 'reset' });
  let { session } = await call('POST', '/api/v1/sspr/session/password', { probe: offer.probe, sealed });
  while (session.phase === 'writing') ({ session } = await call('GET', '/api/v1/sspr/session?wait_ms=15000'));
  if (session.phase !== 'done') throw new Error(JSON.stringify(session));
  return session.result;
}

try {
  const [name, begins, mailbox] = process.argv.slice(2);
  console.log(JSON.stringify(await forgot(name, begins, mailbox, readFileSync(0, 'utf8'))));
} catch (error) {
  console.error(`forgot.mjs: ${error.message}`);
  process.exitCode = 1;
}
