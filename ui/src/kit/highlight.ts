import type { Attachment } from 'svelte/attachments';

/** What is found, for `::highlight(found)`: marks that are painted and move nothing. Absent where the engine has none. */
const found = globalThis.CSS?.highlights && new Highlight();
if (found) CSS.highlights.set('found', found);

/** Writes a text into an element, with what the words find in it marked. Asked again when one of them changes: to attach anew takes longer. */
export function highlighted(whose: () => string, searched: () => string[]): Attachment<HTMLElement> {
  return (place) => {
    const [text, words] = [whose(), searched()];
    // The same node keeps what the engine made for it, and nobody hears of a child that came or went.
    const node = place.firstChild ?? place.appendChild(document.createTextNode(text));
    if (node.nodeValue !== text) node.nodeValue = text;
    if (!found || words.length === 0) return;
    const ranges = hits(text, words).map(
      ([start, end]) => new StaticRange({ startContainer: node, startOffset: start, endContainer: node, endOffset: end }),
    );
    for (const range of ranges) found.add(range);
    return () => {
      for (const range of ranges) found.delete(range);
    };
  };
}

/**
 * Where one of the words stands in a text, whatever its case: starts and ends, from left to right. Dashes in
 * the text do not count for words of digits, so that `11112222` is found in `1111-2222-3333`.
 */
export function hits(text: string, words: string[]): [start: number, end: number][] {
  const plain = text.toLowerCase();
  const all = words.filter(Boolean).flatMap((word) => (/^\d+$/.test(word) ? hitsOfDigits(plain, word) : hitsOf(plain, word.toLowerCase())));
  const apart: [number, number][] = [];
  for (const [start, end] of all.sort(([a], [b]) => a - b)) {
    const last = apart.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else apart.push([start, end]);
  }
  return apart;
}

function hitsOf(plain: string, word: string): [number, number][] {
  const all: [number, number][] = [];
  for (let at = plain.indexOf(word); at >= 0; at = plain.indexOf(word, at + 1)) all.push([at, at + word.length]);
  return all;
}

function hitsOfDigits(plain: string, word: string): [number, number][] {
  if (!plain.includes('-')) return hitsOf(plain, word);
  const kept = [...plain].map((letter, at) => ({ letter, at })).filter(({ letter }) => letter !== '-');
  const bare = kept.map(({ letter }) => letter).join('');
  return hitsOf(bare, word).map(([start, end]) => [kept[start]?.at ?? 0, (kept[end - 1]?.at ?? 0) + 1]);
}
