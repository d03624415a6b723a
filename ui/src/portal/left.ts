import type { UiAccount, UiPortal, UiRole } from '../bindings';

/** A role that left the portal's list, with its account and the list as they were. */
export interface Left {
  org: string;
  list: UiAccount[];
  account: UiAccount;
  role: UiRole;
  at: number;
}

/** What a new list of the same portal has not any more. Roles that are still to be loaded have not left. */
export function leftBetween(before: UiPortal, now: UiPortal, at: number): Left[] {
  const there = new Map(now.accounts.map((account) => [account.id, account]));
  return before.accounts.flatMap((account) => {
    const found = there.get(account.id);
    const roles = found ? found.roles : [];
    if (!roles || !account.roles) return [];
    const names = new Set(roles.map(({ name }) => name));
    return account.roles.filter(({ name }) => !names.has(name)).map((role) => ({ org: now.org, list: before.accounts, account, role, at }));
  });
}

/** The accounts with what left them, each in its place. */
export function withLeft(accounts: UiAccount[], left: Left[]): UiAccount[] {
  return left.reduce((all, { list, account, role }) => {
    const there = all.find((one) => sameAccount(one, account));
    if (there?.roles?.some((one) => sameRole(one, role))) return all;
    const roles = putBack(there?.roles ?? [], role, account.roles ?? [], sameRole);
    return there ? all.map((one) => (one === there ? { ...there, roles } : one)) : putBack(all, { ...account, roles }, list, sameAccount);
  }, accounts);
}

/** Puts one back among others, behind the nearest that it stood behind before. */
function putBack<T>(others: T[], one: T, before: T[], same: (a: T, b: T) => boolean): T[] {
  const ahead = before.slice(0, before.findIndex((other) => same(other, one))).reverse();
  const place = ahead.map((other) => others.findIndex((there) => same(there, other))).find((at) => at >= 0) ?? -1;
  return [...others.slice(0, place + 1), one, ...others.slice(place + 1)];
}

const sameAccount = (a: UiAccount, b: UiAccount) => a.id === b.id;
const sameRole = (a: UiRole, b: UiRole) => a.name === b.name;
