import type { UiActivity, UiActivityFilter, UiActivityKind, UiBy } from '../bindings';

export const NONE: UiActivityFilter = { query: '', kind: null, by: null, ok: null, account: null, since: null, until: null };

/** Whether a line is wanted: for those that came since the list was read. The list itself is read by the Rust side, which has the whole record. */
export function fits(line: UiActivity, filter: UiActivityFilter): boolean {
  const text = `${line.sentence} ${line.subject ?? ''}`.toLowerCase();
  return (
    (filter.kind === null || filter.kind === line.kind) &&
    (filter.by === null || filter.by === line.by) &&
    (filter.ok === null || filter.ok === line.ok) &&
    (filter.account === null || filter.account === line.account) &&
    (filter.since === null || line.at >= filter.since) &&
    (filter.until === null || line.at < filter.until) &&
    words(filter.query).every((word) => text.includes(word))
  );
}

/** Whether anything is left out. */
export function narrows(filter: UiActivityFilter): boolean {
  return Object.values({ ...filter, query: '' }).some((value) => value !== null && value !== '') || words(filter.query).length > 0;
}

const words = (query: string) => query.toLowerCase().split(/\s+/).filter(Boolean);

/** What can be chosen; the empty value lets all pass. */
export const KINDS: { value: UiActivityKind | ''; label: string }[] = [
  { value: '', label: 'Everything' },
  { value: 'sign_in', label: 'Sign-ins' },
  { value: 'launch', label: 'Consoles and apps' },
  { value: 'copy', label: 'Copied credentials' },
  { value: 'profile', label: 'Profiles' },
  { value: 'organisation', label: 'Organisations' },
  { value: 'notification', label: 'Notifications' },
  { value: 'safety', label: 'Safety and record' },
];
export const RESULTS: { value: '' | 'ok' | 'failed'; label: string }[] = [
  { value: '', label: 'Any result' },
  { value: 'ok', label: 'Went well' },
  { value: 'failed', label: 'Failed' },
];
export const WHO: { value: UiBy | ''; label: string }[] = [
  { value: '', label: 'By anyone' },
  { value: 'you', label: 'By you' },
  { value: 'schedule', label: 'By schedule' },
  { value: 'program', label: 'By a program' },
];
export type When = '' | 'today' | 'week' | 'month' | 'older' | 'own';
export const DATES: { value: When; label: string }[] = [
  { value: '', label: 'Any time' },
  { value: 'today', label: 'Today' },
  { value: 'week', label: 'Last 7 days' },
  { value: 'month', label: 'Last 30 days' },
  { value: 'older', label: 'Before that' },
  { value: 'own', label: 'From and to…' },
];

/** From and to of a choice. Days begin at midnight by the person's clock. */
export function span(when: When, now: number): Pick<UiActivityFilter, 'since' | 'until'> {
  const midnight = (back: number) => {
    const day = new Date(now);
    day.setHours(0, 0, 0, 0);
    day.setDate(day.getDate() - back);
    return day.getTime();
  };
  if (when === 'today') return { since: midnight(0), until: null };
  if (when === 'week') return { since: midnight(6), until: null };
  if (when === 'month') return { since: midnight(29), until: null };
  if (when === 'older') return { since: null, until: midnight(29) };
  return { since: null, until: null };
}

/** Midnight at which a day begins by the person's clock; null for what is no day. */
export function dayOf(text: string): number | null {
  const [, year, month, day] = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text.trim())?.map(Number) ?? [];
  if (year === undefined || month === undefined || day === undefined) return null;
  const date = new Date(year, month - 1, day);
  return date.getMonth() === month - 1 && date.getDate() === day ? date.getTime() : null;
}

/** From the first day to the last, both whole; one that is left empty is open. With what is wrong, if anything. */
export function between(from: string, to: string): Pick<UiActivityFilter, 'since' | 'until'> & { from?: string; to?: string } {
  const [first, last] = [dayOf(from), dayOf(to)];
  const wrong = (text: string, day: number | null) => (text.trim() !== '' && day === null ? 'A date looks like 2026-11-24.' : undefined);
  const [badFrom, badTo] = [wrong(from, first), wrong(to, last)];
  if (badFrom || badTo) return { since: null, until: null, ...(badFrom ? { from: badFrom } : {}), ...(badTo ? { to: badTo } : {}) };
  if (first !== null && last !== null && first > last) return { since: null, until: null, to: 'This is before the first day.' };
  const next = last === null ? null : new Date(last);
  next?.setDate(next.getDate() + 1);
  return { since: first, until: next?.getTime() ?? null };
}
