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
  #all: Known[] = [];
  #wanted: string[] = [];
  #found: Known[] = [];

  find(accounts: UiAccount[], query: string): Found[] {
    const wanted = words(query);
    const narrower = accounts === this.#accounts && this.#wanted.every((word) => wanted.some((longer) => longer.includes(word)));
    if (accounts !== this.#accounts) [this.#accounts, this.#all] = [accounts, accounts.map(whole)];
    const among = narrower ? this.#found : this.#all;
    this.#found = wanted.length === 0 ? among : matchingOf(among, wanted);
    this.#wanted = wanted;
    return this.#found;
  }
}

/** What of the accounts matches. Most have the same roles: words are looked for once in roles of the same names. */
function matchingOf(among: Known[], wanted: string[]): Known[] {
  const places = new Map<string[], Map<string, number[]>>();
  const placesIn = (names: string[], rest: string[]) => {
    let of = places.get(names);
    if (!of) places.set(names, (of = new Map<string, number[]>()));
    const key = rest.join(' ');
    let all = of.get(key);
    if (!all) of.set(key, (all = [...names.keys()].filter((at) => rest.every((word) => names[at]?.includes(word)))));
    return all;
  };
  const found: Known[] = [];
  // Accounts beside one another are often of the same kind, and this is done for a thousand at a keystroke.
  let last = { names: [] as string[], rest: wanted, places: [] as number[] };
  for (const { whole } of among) {
    let rest = wanted;
    for (const word of wanted) if (whole.own.includes(word)) rest = rest.filter((other) => other !== word);
    if (rest.length === 0) {
      found.push(whole);
      continue;
    }
    if (last.names !== whole.names || last.rest !== rest) last = { names: whole.names, rest, places: placesIn(whole.names, rest) };
    if (last.places.length > 0) found.push(new Part(whole, last.places));
  }
  return found;
}

/** What was found, and what it is part of. */
interface Known extends Found {
  readonly whole: Whole;
}

/**
 * An account with all of its roles and what is searched of it, in lower case: no word has white space in it, so
 * that one line can hold several texts.
 */
class Whole implements Known {
  readonly whole = this;
  readonly roles: UiRole[] | null;
  readonly count: number;
  readonly own: string;
  /** The same value for roles of the same names. */
  readonly names: string[];

  constructor(readonly account: UiAccount) {
    const { name, id, email, environment, roles } = account;
    const texts = [name, id, email ?? '', ...(environment.chip ? [environment.chip, environment.word] : [])];
    this.own = texts.join('\n').toLowerCase();
    this.names = sameNames((roles ?? []).map((role) => role.name.toLowerCase()));
    this.roles = roles;
    this.count = roles?.length ?? 0;
  }
}

/** Accounts do not change; a new list brings new ones. */
const WHOLE = new WeakMap<UiAccount, Whole>();

/** An account with all of its roles: the same value each time, so that what shows it stays as it is. */
function whole(account: UiAccount): Whole {
  let known = WHOLE.get(account);
  if (!known) WHOLE.set(account, (known = new Whole(account)));
  return known;
}

/** An account with some of its roles. Few of those that are found are seen: their list is made when it is asked for. */
class Part implements Known {
  #roles: UiRole[] | null = null;
  readonly account: UiAccount;
  readonly count: number;

  constructor(
    readonly whole: Whole,
    readonly places: number[],
  ) {
    this.account = whole.account;
    this.count = places.length;
  }

  get roles(): UiRole[] {
    return (this.#roles ??= this.places.flatMap((at) => this.account.roles?.[at] ?? []));
  }
}

const NAMES = new Map<string, string[]>();

function sameNames(names: string[]): string[] {
  const key = names.join(' ');
  const known = NAMES.get(key) ?? names;
  NAMES.set(key, known);
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
