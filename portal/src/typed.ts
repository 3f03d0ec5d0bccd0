// A code as people type and paste it, made what the service takes: digits of any script and of any width, in groups or not.
const DIGIT = /\p{Nd}/u;

// Each script has its ten digits in a row, from zero on.
function ascii(digit: string): string {
  const at = digit.codePointAt(0)!;
  let zero = at;
  while (DIGIT.test(String.fromCodePoint(zero - 1))) zero -= 1;
  return String((at - zero) % 10);
}

/** Without blanks, hyphens (a Japanese keyboard's too) and marks that nobody sees, such as those of direction. */
export const plain = (text: string): string => text.normalize('NFKC').replace(/[\s\p{Pd}\p{Cf}\u2212\u30fc]/gu, '').replace(/\p{Nd}/gu, ascii);
