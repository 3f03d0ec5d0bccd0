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
