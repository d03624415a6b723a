/** A piece of a text, found or not. */
export interface Segment {
  text: string;
  hit: boolean;
}

/**
 * Cuts a text where one of the words is found, whatever its case. Dashes in the text do not count for
 * words of digits, so that `11112222` is found in `1111-2222-3333`.
 */
export function segments(text: string, words: string[]): Segment[] {
  const hit = new Array<boolean>(text.length).fill(false);
  const plain = text.toLowerCase();
  for (const word of words) {
    if (!word) continue;
    if (/^\d+$/.test(word)) markDigits(plain, word, hit);
    else markWord(plain, word.toLowerCase(), hit);
  }
  const parts: Segment[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const last = parts.at(-1);
    if (last && last.hit === hit[at]) last.text += text[at];
    else parts.push({ text: text[at] ?? '', hit: hit[at] ?? false });
  }
  return parts;
}

function markWord(plain: string, word: string, hit: boolean[]) {
  for (let at = plain.indexOf(word); at >= 0; at = plain.indexOf(word, at + 1)) hit.fill(true, at, at + word.length);
}

function markDigits(plain: string, word: string, hit: boolean[]) {
  const kept = [...plain].map((letter, at) => ({ letter, at })).filter(({ letter }) => letter !== '-');
  const bare = kept.map(({ letter }) => letter).join('');
  for (let at = bare.indexOf(word); at >= 0; at = bare.indexOf(word, at + 1)) {
    const first = kept[at]?.at ?? 0;
    const last = kept[at + word.length - 1]?.at ?? first;
    hit.fill(true, first, last + 1);
  }
}
