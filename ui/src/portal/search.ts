import type { UiAccount, UiApp, UiRole } from '../bindings';

/** An account with those of its roles that a search found. */
export interface Found {
  account: UiAccount;
  /** `null` while they are still loading. */
  roles: UiRole[] | null;
}

/** The words of a query: all must be found, in any order. Dashes in account numbers do not count. */
export function words(query: string): string[] {
  return query
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => (/^[\d-]+$/.test(word) ? word.replaceAll('-', '') : word))
    .filter(Boolean);
}

/**
 * What matches a query. A word is looked for in the account's name, number, address and environment, and in
 * the role's name; an account that matches by itself shows all of its roles.
 */
export function search(accounts: UiAccount[], query: string): Found[] {
  const wanted = words(query);
  if (wanted.length === 0) return accounts.map((account) => ({ account, roles: account.roles }));
  return accounts.flatMap((account) => {
    const own = haystack(account);
    const rest = wanted.filter((word) => !own.some((text) => text.includes(word)));
    if (rest.length === 0) return [{ account, roles: account.roles }];
    const roles = (account.roles ?? []).filter((role) => rest.every((word) => role.name.toLowerCase().includes(word)));
    return roles.length > 0 ? [{ account, roles }] : [];
  });
}

/** Accounts do not change; a new list brings new ones. */
const HAYSTACKS = new WeakMap<UiAccount, string[]>();

function haystack(account: UiAccount): string[] {
  let known = HAYSTACKS.get(account);
  if (!known) {
    const environment = account.environment.chip ? [account.environment.chip, account.environment.word] : [];
    known = [account.name, account.id, account.email ?? '', ...environment].map((text) => text.toLowerCase());
    HAYSTACKS.set(account, known);
  }
  return known;
}

/** A name that was perhaps meant: at most two slips away from what was typed. */
export function didYouMean(accounts: UiAccount[], apps: UiApp[], query: string): string | null {
  const typed = query.trim().toLowerCase();
  if (typed.length < 4) return null;
  let best: { name: string; slips: number } | null = null;
  for (const name of [...candidates(accounts), ...parts(apps.map((app) => app.name))]) {
    if (Math.abs(name.length - typed.length) > 2) continue;
    const slips = distance(typed, name.toLowerCase());
    if (slips > 0 && slips <= 2 && (!best || slips < best.slips)) best = { name, slips };
  }
  return best?.name ?? null;
}

const CANDIDATES = new WeakMap<UiAccount[], Set<string>>();

function candidates(accounts: UiAccount[]): Set<string> {
  let known = CANDIDATES.get(accounts);
  if (!known) {
    known = parts(accounts.flatMap((account) => [account.name, ...(account.roles ?? []).map((role) => role.name)]));
    CANDIDATES.set(accounts, known);
  }
  return known;
}

/** Names, each once, and the words they are made of. */
function parts(names: string[]): Set<string> {
  return new Set([...new Set(names)].flatMap((name) => [name, ...name.split(/[-_./\s]+/)]));
}

/** Slips between two words: letters left out, added, changed, or swapped with their neighbour. */
export function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const line = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((row[j] ?? 0) + 1, (line[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, (before[j - 2] ?? 0) + 1);
      line.push(best);
    }
    before = row;
    row = line;
  }
  return row[b.length] ?? 0;
}
