import type { UiClass } from '../bindings';
import type { Grouping, Sort } from './arrangement.svelte';
import type { Found } from './search';

export const ENVIRONMENTS: { value: UiClass; label: string }[] = [
  { value: 'production', label: 'Production' },
  { value: 'staging', label: 'Staging' },
  { value: 'test', label: 'Test' },
  { value: 'development', label: 'Development' },
  { value: 'sandbox', label: 'Sandbox' },
  { value: 'shared', label: 'Shared' },
  { value: 'unlabelled', label: 'No environment' },
];

export const SORTS: { value: Sort; label: string }[] = [
  { value: 'name', label: 'Sort: Name' },
  { value: 'most', label: 'Sort: Most used' },
  { value: 'used', label: 'Sort: Recent' },
  { value: 'number', label: 'Sort: Number' },
];

export const GROUPINGS: { value: Grouping; label: string }[] = [
  { value: 'none', label: 'No groups' },
  { value: 'environment', label: 'By environment' },
  { value: 'prefix', label: 'By first word' },
];

/** Accounts under one heading; an empty one is none. */
export interface Group {
  label: string;
  found: Found[];
}

/** An organisation's accounts that were used, in both orders. */
export interface Used {
  org: string;
  used: { org: string; account: string }[];
  most: { org: string; account: string }[];
}

/** In the order wished for; accounts that were not used stay by name. */
export function sorted(found: Found[], sort: Sort, { org, used, most }: Used): Found[] {
  if (sort === 'number') return found.toSorted((a, b) => a.account.id.localeCompare(b.account.id));
  if (sort === 'name') return found;
  const order = sort === 'most' ? most : used;
  const places = new Map<string, number>();
  for (const [at, one] of order.entries()) if (one.org === org && !places.has(one.account)) places.set(one.account, at);
  const rank = ({ account }: Found) => places.get(account.id) ?? order.length;
  return found.toSorted((a, b) => rank(a) - rank(b));
}

/** By environment, strictest first, or by the first word of the name; words that stand alone come last. */
export function grouped(found: Found[], grouping: Grouping): Group[] {
  if (grouping === 'none') return [{ label: '', found }];
  if (grouping === 'environment') {
    return ENVIRONMENTS.map(({ value, label }) => ({ label, found: found.filter(({ account }) => account.environment.class === value) })).filter(
      (group) => group.found.length > 0,
    );
  }
  const groups = new Map<string, Found[]>();
  for (const one of found) {
    const word = one.account.name.split('-')[0]?.toLowerCase() ?? '';
    groups.set(word, [...(groups.get(word) ?? []), one]);
  }
  const several = [...groups].filter(([, members]) => members.length > 1).map(([label, members]) => ({ label, found: members }));
  const alone = [...groups.values()].filter((members) => members.length === 1).flat();
  return [...several.toSorted((a, b) => a.label.localeCompare(b.label)), ...(alone.length > 0 ? [{ label: several.length > 0 ? 'Others' : '', found: alone }] : [])];
}

/** Without the roles that were hidden, and without accounts of which none is left. */
export function withoutHidden(found: Found[], isHidden: (account: string, role: string) => boolean): Found[] {
  return found.flatMap(({ account, roles }) => {
    if (!roles?.length) return [{ account, roles, count: 0 }];
    const left = roles.filter((role) => !isHidden(account.id, role.name));
    return left.length > 0 ? [{ account, roles: left, count: left.length }] : [];
  });
}
