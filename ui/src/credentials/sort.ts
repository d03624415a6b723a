import type { UiProfile, UiStatus } from '../bindings';

/** What the table of profiles is sorted by. */
export type SortBy = 'profile' | 'account' | 'delivery' | 'time' | 'status';

/** Most urgent first. */
const URGENCY: UiStatus[] = [
  'conflict',
  'access_removed',
  'not_writable',
  'expired',
  'sign_in_needed',
  'retrying',
  'due_soon',
  'refreshing',
  'checking',
  'paused',
  'fresh',
  'ready',
];

const compare: Record<SortBy, (a: UiProfile, b: UiProfile) => number> = {
  profile: () => 0,
  account: (a, b) => names.compare(a.account_name, b.account_name) || names.compare(a.grant.role, b.grant.role),
  delivery: (a, b) => names.compare(a.delivery_word, b.delivery_word),
  time: (a, b) => ends(a) - ends(b) || 0,
  status: (a, b) => URGENCY.indexOf(a.status) - URGENCY.indexOf(b.status),
};
/** What programs ask for each time does not end. */
const ends = ({ status, expires }: UiProfile) => (status === 'ready' ? Infinity : (expires ?? 0));
const names = new Intl.Collator(undefined, { numeric: true });

/** The profiles in order; equals by name. */
export function sorted(profiles: UiProfile[], by: SortBy, down: boolean): UiProfile[] {
  const rows = [...profiles].sort((a, b) => compare[by](a, b) || names.compare(a.name, b.name));
  return down ? rows.reverse() : rows;
}
