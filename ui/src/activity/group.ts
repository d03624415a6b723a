import type { UiActivity, UiBy } from '../bindings';
import { day } from '../kit/time';

/** Equal neighbours as one line. */
export interface Group {
  id: number;
  /** The newest's moment. */
  at: number;
  /** The oldest's moment. */
  first: number;
  count: number;
  sentence: string;
  subject: string | null;
  by: UiBy;
  ok: boolean;
}

/** One day's lines. */
export interface Day {
  label: string;
  groups: Group[];
}

/** Lines, newest first, by day; neighbours that say the same become one line with a count. */
export function byDay(now: number, lines: UiActivity[]): Day[] {
  const days: Day[] = [];
  let last = '';
  for (const line of lines) {
    const label = day(now, line.at);
    let today = days.at(-1);
    if (!today || today.label !== label) {
      today = { label, groups: [] };
      days.push(today);
      last = '';
    }
    const before = today.groups.at(-1);
    if (before && line.group !== '' && line.group === last && line.ok === before.ok) {
      before.first = line.at;
      before.count += 1;
    } else {
      const { id, at, sentence, subject, by, ok } = line;
      today.groups.push({ id, at, first: at, count: 1, sentence, subject, by, ok });
    }
    last = line.group;
  }
  return days;
}
