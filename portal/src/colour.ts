// How well text can be read on a colour (WCAG 2.2, contrast ratio and relative luminance). Pure.
const ENOUGH = 4.5; // success criterion 1.4.3, level AA

function luminance(colour: string): number {
  const part = (at: number) => {
    const share = parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
}

/** Of two colours "#rrggbb": 1 to 21. */
export function contrast(a: string, b: string): number {
  const [one, other] = [luminance(a), luminance(b)];
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}

/** Of white text on that colour, and whether that is enough; null: it is no colour. */
export function judged(colour: string): { ratio: number; enough: boolean; text: '#ffffff' | '#000000' } | null {
  if (!/^#[0-9a-f]{6}$/i.test(colour)) return null;
  const white = contrast(colour, '#ffffff');
  return { ratio: Math.floor(white * 10) / 10, enough: white >= ENOUGH, text: white >= ENOUGH ? '#ffffff' : '#000000' };
}

// What text and buttons of the organisation's colour stand on (style.css: --card, --page), by the screen's scheme.
export const GROUNDS = { light: ['#ffffff', '#f5f6f8'], dark: ['#1e2227', '#14171b'] } as const;
const STEPS = 32;

function mixed(colour: string, other: '#ffffff' | '#000000', share: number): string {
  const part = (at: number) => Math.round(parseInt(colour.slice(at, at + 2), 16) * (1 - share) + parseInt(other.slice(at, at + 2), 16) * share);
  return `#${[1, 3, 5].map((at) => part(at).toString(16).padStart(2, '0')).join('')}`;
}

/** The colour, or the nearest one towards black (on a light screen) or white (on a dark one) that can be read on every ground; and what can be read on it. */
export function readable(colour: string, scheme: keyof typeof GROUNDS): { main: string; on: string } {
  let main = colour;
  for (let step = 1; GROUNDS[scheme].some((ground) => contrast(main, ground) < ENOUGH); step += 1) main = mixed(colour, scheme === 'light' ? '#000000' : '#ffffff', step / STEPS);
  return { main, on: judged(main)!.text };
}
