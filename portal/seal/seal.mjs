// Sealing passwords to a domain's agents: checks who may open it, then encrypts (docs/PROTOCOL.md sections 3, 4).
// WebCrypto only: the same module runs in the page and under Node 18. Every refusal is a SealError with a stable code.

const P256 = { name: 'ECDH', namedCurve: 'P-256' };
const ES256 = { name: 'ECDSA', hash: 'SHA-256', namedCurve: 'P-256' };
const FUTURE_S = 300; // section 8: clocks further apart do no jobs
const utf8 = new TextEncoder();
const subtle = () => globalThis.crypto.subtle;

/** Why nothing was sealed. `code` is stable; `message` is for people who operate the service. */
export class SealError extends Error {
  constructor(code, message) { super(message); this.code = code; }
}
const refuse = (code, message) => { throw new SealError(code, message); };

/** @param {Uint8Array|ArrayBuffer} bytes @returns {string} base64url without padding (RFC 4648 section 5) */
export function base64url(bytes) {
  let text = '';
  for (const byte of new Uint8Array(bytes)) text += String.fromCharCode(byte);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** @param {string} text @returns {Uint8Array} refuses everything that is not the canonical spelling */
export function fromBase64url(text) {
  if (typeof text !== 'string' || !/^[A-Za-z0-9_-]*$/.test(text)) refuse('malformed', 'not base64url');
  let raw;
  try { raw = atob(text.replaceAll('-', '+').replaceAll('_', '/')); } catch { refuse('malformed', 'not base64url'); }
  const bytes = Uint8Array.from(raw, (c) => c.charCodeAt(0));
  if (base64url(bytes) !== text) refuse('malformed', 'not canonical base64url');
  return bytes;
}

/** RFC 7638 thumbprint of a public P-256 key. @returns {Promise<string>} */
export async function thumbprint({ crv, kty, x, y }) {
  return base64url(await subtle().digest('SHA-256', utf8.encode(JSON.stringify({ crv, kty, x, y }))));
}

const onlyMembers = (object, names) => object && typeof object === 'object' && !Array.isArray(object) &&
  Object.keys(object).length === names.length && names.every((name) => Object.hasOwn(object, name));

function publicJwk(jwk) {
  if (!onlyMembers(jwk, ['kty', 'crv', 'x', 'y']) || jwk.kty !== 'EC' || jwk.crv !== 'P-256') refuse('malformed', 'not a public P-256 key');
  return jwk;
}

const json = (bytes) => {
  try { return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)); } catch { return refuse('malformed', 'not JSON'); }
};

// Span of life of something signed; false for members that are no whole numbers.
const lives = ({ iat, exp }, lifeMax, now) => Number.isSafeInteger(iat) && Number.isSafeInteger(exp) &&
  exp > now && iat <= now + FUTURE_S && exp > iat && exp - iat <= lifeMax;

/** Splits a compact JWS and checks its header: alg, typ and, with `carriesKey`, a jwk of that kid. */
function parseJws(text, typ, carriesKey) {
  const parts = typeof text === 'string' ? text.split('.') : [];
  if (parts.length !== 3) refuse('malformed', `${typ}: not a compact JWS`);
  const header = json(fromBase64url(parts[0]));
  if (!onlyMembers(header, carriesKey ? ['alg', 'typ', 'kid', 'jwk'] : ['alg', 'typ', 'kid']) || header.alg !== 'ES256' || header.typ !== typ) refuse('malformed', `${typ}: another header than the contract's`);
  return { header, payload: fromBase64url(parts[1]), signature: fromBase64url(parts[2]), input: utf8.encode(`${parts[0]}.${parts[1]}`) };
}

async function payloadOf(jws, jwk, code) {
  let good = false;
  try {
    const key = await subtle().importKey('jwk', publicJwk(jwk), ES256, false, ['verify']);
    good = jws.signature.length === 64 && await subtle().verify(ES256, key, jws.signature, jws.input);
  } catch (error) { if (error instanceof SealError) throw error; }
  if (!good) refuse(code, 'a signature does not verify');
  return json(jws.payload);
}

/**
 * Where successions (the oldest first) lead from a domain root that is known: each is signed by the root before it and
 * names the next. What the root reached so far has not signed is passed over. @returns {Promise<string>} its thumbprint
 */
export async function followRoots(chain, { pin, tenant, domain }) {
  if (!Array.isArray(chain) || chain.length > 8) refuse('malformed', 'expected at most 8 successions');
  let root = pin;
  for (const text of chain) {
    const jws = parseJws(text, 'wb-root+jws', true);
    if (jws.header.kid !== root || await thumbprint(publicJwk(jws.header.jwk)) !== root) continue;
    const link = await payloadOf(jws, jws.header.jwk, 'root_signature');
    if (!onlyMembers(link, ['v', 'ten', 'dom', 'dr', 'iat']) || link.v !== 1 || link.ten !== tenant || link.dom !== domain) refuse('root_audience', 'a succession is for another tenant or domain');
    root = await thumbprint(publicJwk(link.dr));
  }
  return root;
}

/**
 * The roster under a domain root known beforehand (its thumbprint, the pin).
 * @param {string} text compact JWS
 * @param {{pin: string, tenant: string, domain: string, leastRsn?: number, now: number}} expected
 */
export async function checkRoster(text, { pin, tenant, domain, leastRsn = 0, now }) {
  const jws = parseJws(text, 'wb-roster+jws', true);
  if (await thumbprint(publicJwk(jws.header.jwk)) !== jws.header.kid || jws.header.kid !== pin) refuse('foreign_root', 'the roster is signed by another domain root than the one you know');
  const roster = await payloadOf(jws, jws.header.jwk, 'roster_signature');
  if (!onlyMembers(roster, ['v', 'ten', 'dom', 'rsn', 'iat', 'exp', 'agents']) || roster.v !== 1 || !Array.isArray(roster.agents)) refuse('malformed', 'roster');
  if (roster.ten !== tenant || roster.dom !== domain) refuse('roster_audience', 'the roster is for another tenant or domain');
  if (!Number.isSafeInteger(roster.rsn)) refuse('malformed', 'roster: rsn');
  if (roster.rsn < leastRsn) refuse('roster_older', 'the roster is older than one seen before');
  if (!lives(roster, 30 * 86400, now)) refuse('roster_expired', 'the roster is out of date');
  const ids = new Set(roster.agents.map((agent) => agent?.id));
  const keys = new Set(roster.agents.map((agent) => publicJwk(agent?.as).x));
  if (ids.size < 1 || ids.size > 32 || ids.size !== roster.agents.length || keys.size !== ids.size) refuse('malformed', 'roster: agents');
  return roster;
}

/** The encryption keys of one agent that stands in the roster. @returns {Promise<{agent: string, ae: {kid: string, jwk: object}[]}>} */
export async function checkStatement(text, roster, now) {
  const jws = parseJws(text, 'wb-statement+jws', false);
  for (const agent of roster.agents) {
    if (await thumbprint(publicJwk(agent.as)) !== jws.header.kid) continue;
    const statement = await payloadOf(jws, agent.as, 'statement_signature');
    if (!onlyMembers(statement, ['v', 'ten', 'dom', 'agent', 'rsn', 'ae', 'iat', 'exp']) || !Array.isArray(statement.ae) || statement.ae.length < 1 || statement.ae.length > 4) refuse('malformed', 'statement');
    if (statement.v !== 1 || statement.agent !== agent.id || statement.ten !== roster.ten || statement.dom !== roster.dom) refuse('statement_audience', 'a statement is for another agent, tenant or domain');
    if (statement.rsn !== roster.rsn) refuse('statement_rsn', 'a statement is for another roster');
    if (!lives(statement, 86400, now)) refuse('statement_expired', 'a statement is out of date');
    for (const key of statement.ae) if (!onlyMembers(key, ['kid', 'jwk']) || await thumbprint(publicJwk(key.jwk)) !== key.kid) refuse('malformed', 'statement: a key of another name');
    return statement;
  }
  return refuse('statement_stranger', 'a statement is signed by nobody in the roster');
}

/** Refuses what no directory is asked about: empty, longer than 256 UTF-16 units, not well-formed, with U+0000. */
export function checkPassword(password) {
  if (typeof password !== 'string' || password.length === 0) refuse('empty', 'The password is empty.');
  if (password.length > 256) refuse('too_long', 'Too long: at most 256 characters.');
  if (/\0/.test(password) || /[\uD800-\uDFFF]/u.test(password)) refuse('not_unicode', 'The password has characters that are none.');
}

/** {"pw", "old"?, "pad"} padded to a multiple of 128 bytes, so that the length of a password does not show. */
function plaintextOf(password, old) {
  const members = { pw: password, ...(old !== undefined && { old }) };
  const bare = utf8.encode(JSON.stringify({ ...members, pad: '' })).length;
  return utf8.encode(JSON.stringify({ ...members, pad: ' '.repeat((128 - (bare % 128)) % 128) }));
}

// Concat KDF, RFC 7518 section 4.6.2: AlgorithmID, empty PartyUInfo and PartyVInfo, 256 bits; one round of SHA-256.
async function keyEncryptionKey(z) {
  const alg = utf8.encode('ECDH-ES+A256KW');
  const input = new Uint8Array(4 + 32 + 4 + alg.length + 4 + 4 + 4);
  const view = new DataView(input.buffer);
  view.setUint32(0, 1);
  input.set(new Uint8Array(z), 4);
  view.setUint32(36, alg.length);
  input.set(alg, 40);
  view.setUint32(input.length - 4, 256);
  return subtle().importKey('raw', await subtle().digest('SHA-256', input), 'AES-KW', false, ['wrapKey']);
}

async function wrapFor({ kid, jwk }, contentKey) {
  const ephemeral = await subtle().generateKey(P256, true, ['deriveBits']);
  const theirs = await subtle().importKey('jwk', publicJwk(jwk), P256, false, []);
  const kek = await keyEncryptionKey(await subtle().deriveBits({ name: 'ECDH', public: theirs }, ephemeral.privateKey, 256));
  const { kty, crv, x, y } = await subtle().exportKey('jwk', ephemeral.publicKey);
  return { header: { kid, epk: { kty, crv, x, y } }, encrypted_key: base64url(await subtle().wrapKey('raw', contentKey, kek, 'AES-KW')) };
}

/**
 * Seals to every key given. @returns {Promise<string>} the JWE, general JSON serialisation
 * @param {{kid: string, jwk: object}[]} keys 1 to 32
 * @param {object} binding the `wb` member
 * @param {string} password
 * @param {string} [old] of a change: the password of now
 */
export async function seal(keys, binding, password, old) {
  checkPassword(password);
  if (old !== undefined) checkPassword(old);
  if (keys.length < 1) refuse('no_agents', 'there is no agent to seal to');
  if (keys.length > 32 || new Set(keys.map((key) => key.kid)).size !== keys.length) refuse('malformed', 'expected at most 32 distinct keys');
  const contentKey = await subtle().generateKey({ name: 'AES-GCM', length: 256 }, true, ['encrypt']);
  const recipients = await Promise.all(keys.map((key) => wrapFor(key, contentKey)));
  const header = base64url(utf8.encode(JSON.stringify({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', typ: 'wb-sealed+jwe', wb: binding })));
  const iv = globalThis.crypto.getRandomValues(new Uint8Array(12));
  const sealed = new Uint8Array(await subtle().encrypt({ name: 'AES-GCM', iv, additionalData: utf8.encode(header) }, contentKey, plaintextOf(password, old)));
  return JSON.stringify({ protected: header, recipients, iv: base64url(iv), ciphertext: base64url(sealed.subarray(0, -16)), tag: base64url(sealed.subarray(-16)) });
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** A ULID: 48 bits of milliseconds, 80 random bits. */
export function ulid() {
  let time = '';
  for (let ms = Date.now(), i = 0; i < 10; i += 1, ms = Math.floor(ms / 32)) time = CROCKFORD[ms % 32] + time;
  return time + Array.from(globalThis.crypto.getRandomValues(new Uint8Array(16)), (byte) => CROCKFORD[byte % 32]).join('');
}

/** Statements out of date, or for another roster, are an agent that is away: left out. Forged ones stop everything. */
async function currentStatements(texts, roster, now) {
  if (!Array.isArray(texts) || texts.length > 32) refuse('malformed', 'expected at most 32 statements');
  const current = [];
  let away;
  for (const text of texts) {
    try { current.push(await checkStatement(text, roster, now)); } catch (error) {
      if (!['statement_expired', 'statement_rsn'].includes(error.code)) throw error;
      away = error;
    }
  }
  if (current.length === 0) throw away ?? new SealError('no_agents', 'no agent of the domain has stated its keys');
  return current;
}

/**
 * Everything between the probe's answer and the submit: checks roster and statements, binds, seals.
 * @param {object} keys the answer of GET /api/v1/keys
 * @param {object} answer the probe's `answer`
 * @param {string} password the new one; op `authenticate`: the one to be tried
 * @param {{pin: string, tenant: string, domain: string, leastRsn?: number, op?: string, old?: string, clock?: number}} known
 *   `op`: reset (an administrator's), change (with `old`, the password of now), or authenticate.
 *   `clock`: this machine's Unix seconds. Ages are judged by the later of it and the service's `now`: a service that
 *   sets its clock back can't revive what is out of date, and a machine whose clock is slow still gets its reset.
 * @returns {Promise<{jti: string, sealed: string, rsn: number, dr: string}>} `dr`: the root to know from now on
 */
export async function sealFor(keys, answer, password, { pin, tenant, domain, leastRsn, op = 'reset', old, clock = Math.floor(Date.now() / 1000) }) {
  checkPassword(password);
  if ((op === 'change') !== (old !== undefined)) refuse('malformed', 'a change is sealed with the old password, and nothing else is');
  if (!Number.isSafeInteger(keys?.now) || !Number.isSafeInteger(answer?.now)) refuse('malformed', 'the service does not say the time');
  const now = Math.max(keys.now, clock);
  const dr = await followRoots(keys.roots ?? [], { pin, tenant, domain });
  const roster = await checkRoster(keys.roster, { pin: dr, tenant, domain, leastRsn, now });
  const recipients = new Map((await currentStatements(keys.statements, roster, now)).flatMap((statement) => statement.ae).map((key) => [key.kid, key]));
  const jti = ulid();
  const binding = {
    v: 1, jti, ten: tenant, dom: domain, sub: answer.sub, op, iat: answer.now, exp: answer.now + 120, rsn: roster.rsn,
    pre: answer.pre, nce: base64url(globalThis.crypto.getRandomValues(new Uint8Array(16))),
  };
  return { jti, sealed: await seal([...recipients.values()], binding, password, old), rsn: roster.rsn, dr };
}
