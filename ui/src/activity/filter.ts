import type { UiActivity } from '../bindings';

/** Whose lines, and how they ended. */
export type Which = 'all' | 'failed' | 'you' | 'schedule';

/** The lines in which all words of a query are found, of those that are wanted. */
export function filter(lines: UiActivity[], query: string, which: Which): UiActivity[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return lines.filter(({ sentence, subject, by, ok }) => {
    if (which === 'failed' ? ok : which !== 'all' && by.toLowerCase() !== which) return false;
    const text = `${sentence} ${subject ?? ''} ${by}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
