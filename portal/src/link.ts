// A link that an administrator has sent by mail: "#name=NAME&pass=PASS", beside "dr=" of the domain's root, which stays.

export interface ResetLink {
  name: string;
  pass: string;
}

/** What such a link says, and the fragment without it. Nothing, when it is no such link. */
export function readLink(hash: string): { link: ResetLink | null; rest: string } {
  const parts = hash.replace(/^#/, '').split('&').filter(Boolean);
  const of = (key: string) => {
    const one = parts.find((part) => part.startsWith(`${key}=`));
    try { return one ? decodeURIComponent(one.slice(key.length + 1)) : ''; } catch { return ''; }
  };
  const rest = parts.filter((part) => !/^(name|pass)=/.test(part)).join('&');
  const name = of('name'), pass = of('pass');
  return { link: name && name.length <= 256 && /^[0-9A-Za-z-]{12,20}$/.test(pass) ? { name, pass } : null, rest: rest && `#${rest}` };
}

/** Takes it out of the address bar at once: neither the history nor a picture of the screen shall have it. */
export function takeLink(): ResetLink | null {
  const { link, rest } = readLink(location.hash);
  if (rest !== location.hash) history.replaceState(null, '', location.pathname + location.search + rest);
  return link;
}
