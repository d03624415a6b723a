import type { UiAccount, UiApp, UiRole } from '../bindings';

/** An account with those of its roles that a search found. */
export interface Found {
  account: UiAccount;
  /** `null` while they are still loading. */
  readonly roles: UiRole[] | null;
  /** How many roles these are. */
  readonly count: number;
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
  return new Search().find(accounts, query);
}

/** A search that someone types: what asks for more is looked for among what was found for less. */
export class Search {
  #accounts: UiAccount[] = [];
  #wanted: string[] = [];
  #found: Found[] = [];

  find(accounts: UiAccount[], query: string): Found[] {
    const wanted = words(query);
    const narrower = accounts === this.#accounts && this.#wanted.every((word) => wanted.some((longer) => longer.includes(word)));
    const among = narrower ? this.#found : accounts.map(whole);
    this.#found = wanted.length === 0 ? among : matchingOf(among, wanted);
    [this.#accounts, this.#wanted] = [accounts, wanted];
    return this.#found;
  }
}

/** What of the accounts matches. Most have the same roles: each word is looked for once in roles of the same names. */
function matchingOf(among: Found[], wanted: string[]): Found[] {
  const known = new Map<string[], Map<string, number[]>>();
  const placesIn = (names: string[], rest: string[]) => {
    let of = known.get(names);
    if (!of) known.set(names, (of = new Map<string, number[]>()));
    const key = rest.join(' ');
    let places = of.get(key);
    if (!places) of.set(key, (places = [...names.keys()].filter((at) => rest.every((word) => names[at]?.includes(word)))));
    return places;
  };
  const all: Found[] = [];
  for (const { account } of among) {
    const { own, roles } = haystack(account);
    const rest = wanted.filter((word) => !own.includes(word));
    if (rest.length === 0) {
      all.push(whole(account));
      continue;
    }
    const places = placesIn(roles, rest);
    if (places.length > 0) all.push(new Part(account, places));
  }
  return all;
}

/** Accounts do not change; a new list brings new ones. */
const WHOLE = new WeakMap<UiAccount, Found>();

/** An account with all of its roles: the same value each time, so that what shows it stays as it is. */
function whole(account: UiAccount): Found {
  let known = WHOLE.get(account);
  if (!known) WHOLE.set(account, (known = { account, roles: account.roles, count: account.roles?.length ?? 0 }));
  return known;
}

/** An account with some of its roles. Few of those that are found are seen: their list is made when it is asked for. */
class Part implements Found {
  #roles: UiRole[] | null = null;

  constructor(
    readonly account: UiAccount,
    readonly places: number[],
  ) {}

  get roles(): UiRole[] {
    return (this.#roles ??= this.places.flatMap((at) => this.account.roles?.[at] ?? []));
  }

  get count(): number {
    return this.places.length;
  }
}

/** What is searched, in lower case: no word has white space in it, so that one line can hold several texts. */
interface Haystack {
  own: string;
  /** The same value for roles of the same names. */
  roles: string[];
}

const NAMES = new Map<string, string[]>();

function sameNames(names: string[]): string[] {
  const key = names.join(' ');
  const known = NAMES.get(key) ?? names;
  NAMES.set(key, known);
  return known;
}

const HAYSTACKS = new WeakMap<UiAccount, Haystack>();

function haystack(account: UiAccount): Haystack {
  let known = HAYSTACKS.get(account);
  if (!known) {
    const { name, id, email, environment, roles } = account;
    const texts = [name, id, email ?? '', ...(environment.chip ? [environment.chip, environment.word] : [])];
    known = { own: texts.join('\n').toLowerCase(), roles: sameNames((roles ?? []).map((role) => role.name.toLowerCase())) };
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

/** More slips than this are no slip. */
const MOST_SLIPS = 2;

/** Slips between two words, up to three: letters left out, added, changed, or swapped with their neighbour. */
export function distance(a: string, b: string): number {
  const many = MOST_SLIPS + 1;
  if (Math.abs(a.length - b.length) > MOST_SLIPS) return many;
  let [before, last, row] = [0, 1, 2].map(() => new Uint8Array(b.length + 2).fill(many)) as [Uint8Array, Uint8Array, Uint8Array];
  for (let j = 0; j <= MOST_SLIPS; j += 1) last[j] = j;
  for (let i = 1; i <= a.length; i += 1) {
    // Further from the diagonal there are more slips already.
    const from = Math.max(1, i - MOST_SLIPS);
    const to = Math.min(b.length, i + MOST_SLIPS);
    row.fill(many);
    if (i <= MOST_SLIPS) row[0] = i;
    let least = row[0] ?? many;
    for (let j = from; j <= to; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((last[j] ?? many) + 1, (row[j - 1] ?? many) + 1, (last[j - 1] ?? many) + same, many);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, (before[j - 2] ?? many) + 1);
      row[j] = best;
      least = Math.min(least, best);
    }
    if (least >= many) return many;
    [before, last, row] = [last, row, before];
  }
  return Math.min(last[b.length] ?? many, many);
}
