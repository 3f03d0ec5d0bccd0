// How the organisation looks: its name, text, colour, logo and helpdesk, as the service tells them. Nothing of it is fetched from anybody else.
import { judged, readable } from './colour';
import { mayKnowOf } from './pins';

export interface Brand {
  name: string;
  text: string;
  colour: string;
  logo: string;
  helpdesk: string;
}
export const NOBODY: Brand = { name: '', text: '', colour: '', logo: '', helpdesk: '' };

/** Of an answer. What can't be shown, or would ask somebody else, is left out: a link to a picture, a colour that is none. Nothing, when it is no look at all. */
export function brandIn(told: unknown): Brand | null {
  if (told === null || typeof told !== 'object') return null;
  const { name, text: own, colour, logo, helpdesk } = told as Record<string, unknown>;
  const text = (value: unknown, good: (text: string) => boolean) => (typeof value === 'string' && good(value) ? value : '');
  return {
    name: text(name, () => true),
    text: text(own, () => true),
    colour: text(colour, (it) => judged(it) !== null),
    logo: text(logo, (it) => /^data:image\/(png|jpeg|webp|svg\+xml);base64,[A-Za-z0-9+/]+=*$/.test(it)),
    helpdesk: text(helpdesk, (it) => /^(https:\/\/|mailto:)[^\s"<>]+$/.test(it)),
  };
}

/** For the first screen, which knows nobody's name: by the link that led here, or by what this browser knows. A look that does not come is no trouble. */
export async function firstLook(): Promise<Brand | null> {
  try {
    const response = await fetch(`/api/v1/sspr/brand${mayKnowOf()}`, { credentials: 'omit', redirect: 'error', referrerPolicy: 'no-referrer' });
    return response.ok ? brandIn(await response.json()) : null;
  } catch {
    return null;
  }
}

/** By the object model: the page's policy takes no style in the markup. */
export function paint({ colour }: Brand): void {
  const { style } = document.documentElement;
  for (const scheme of ['light', 'dark'] as const) {
    const { main, on } = colour ? readable(colour, scheme) : { main: '', on: '' };
    style.setProperty(`--main-${scheme}`, main);
    style.setProperty(`--on-main-${scheme}`, on);
  }
}
