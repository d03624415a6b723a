import type { UiAccount, UiRole } from '../bindings';
import type { Listed, RowPlace } from '../kit/row-list';
import type { Group } from './arrange';
import { lineOf, type RoleLine } from './row';
import type { Found } from './search';

/** One row of the list of accounts, which knows no others inside it. */
export type ListRow = RowPlace &
  (
    | { kind: 'group'; heading: string }
    | { kind: 'account'; account: UiAccount; open: boolean }
    | { kind: 'role'; line: RoleLine; whole: boolean; number: string | undefined }
    | { kind: 'loading' | 'none' }
  );

/**
 * Every row of the list, from top to bottom. A search may find ten thousand at a keystroke, of which a dozen are
 * seen: a row is made when it is asked for.
 */
export class Rows implements Listed<ListRow> {
  readonly length: number;
  readonly #org: string;
  readonly #isOpen: (found: Found) => boolean;
  /** What stands together: a heading, or an account with what is shown of it. */
  readonly #blocks: (string | Found)[] = [];
  /** Where each block begins. */
  readonly #starts: number[] = [];
  /** Which blocks are headings. */
  readonly #headings: number[] = [];

  constructor(org: string, groups: Group[], isOpen: (found: Found) => boolean) {
    let length = 0;
    for (const { label, found } of groups) {
      if (label) {
        this.#headings.push(this.#blocks.length);
        this.#blocks.push(label);
        this.#starts.push(length);
        length += 1;
      }
      for (const one of found) {
        this.#blocks.push(one);
        this.#starts.push(length);
        length += isAlone(one.account) || !isOpen(one) ? 1 : 1 + Math.max(1, one.count);
      }
    }
    [this.#org, this.#isOpen, this.length] = [org, isOpen, length];
  }

  at(index: number): ListRow | undefined {
    const place = this.#blockOf(index);
    const [block, start] = [this.#blocks[place], this.#starts[place]];
    if (block === undefined || start === undefined || index >= this.length) return undefined;
    if (typeof block === 'string') return { kind: 'group', id: `group ${block}`, name: '', level: 1, at: 0, of: 0, heading: block };
    const { account, roles, count } = block;
    const at = 1 + place - this.#headings.filter((heading) => heading < place).length;
    const of = this.#blocks.length - this.#headings.length;
    const alone = isAlone(account);
    if (alone) return roleRow(this.#org, account, alone, { level: 1, at, of }, true);
    if (index === start) return accountRow(account, this.#isOpen(block), at, of);
    const role = roles?.[index - start - 1];
    if (role) return roleRow(this.#org, account, role, { level: 2, at: index - start, of: count }, false);
    return { kind: roles ? 'none' : 'loading', id: `${account.id}/`, name: '', level: 2, at: 1, of: 1 };
  }

  /** The last block that begins at the row or before it. */
  #blockOf(index: number): number {
    let [low, high] = [0, this.#starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** The only role of an account, which stands for the account. */
function isAlone({ roles }: UiAccount): UiRole | null {
  return (roles?.length === 1 && roles[0]) || null;
}

/** Whether the accounts have no more roles than so many to show, one that is not loaded counted as one. */
export function areAtMost(groups: Group[], most: number): boolean {
  let sum = 0;
  for (const { found } of groups) {
    for (const { account, count } of found) {
      sum += account.roles ? count : 1;
      if (sum > most) return false;
    }
  }
  return true;
}

/** Some role's row, for a place that is to be ready for one. */
export function someRole(org: string, groups: Group[]): (ListRow & { kind: 'role' }) | undefined {
  const account = groups[0]?.found.find(({ account }) => account.roles?.length)?.account;
  const role = account?.roles?.[0];
  return account && role && roleRow(org, account, role, { level: 2, at: 1, of: 1 }, false);
}

/**
 * Rows as they were made last: one that is the same again is the same value, and what shows it has nothing
 * to do. Accounts and roles do not change; a new list brings new ones.
 */
const ACCOUNTS = new WeakMap<UiAccount, ListRow & { kind: 'account' }>();
const ROLES = new WeakMap<UiRole, ListRow & { kind: 'role' }>();

function accountRow(account: UiAccount, open: boolean, at: number, of: number): ListRow {
  const known = ACCOUNTS.get(account);
  if (known && known.open === open && known.at === at && known.of === of) return known;
  const row = { kind: 'account' as const, id: account.id, name: account.name, level: 1 as const, at, of, account, open };
  ACCOUNTS.set(account, row);
  return row;
}

function roleRow(org: string, account: UiAccount, role: UiRole, { level, at, of }: Pick<RowPlace, 'level' | 'at' | 'of'>, whole: boolean): ListRow & { kind: 'role' } {
  const known = ROLES.get(role);
  const same = known && known.line.grant.org === org && known.whole === whole;
  if (same && known.at === at && known.of === of) return known;
  const line = same ? known.line : lineOf(org, account, role);
  const row = { kind: 'role' as const, id: `${account.id}/${role.name}`, name: account.name, level, at, of, line, whole, number: whole ? account.id_grouped : undefined };
  ROLES.set(role, row);
  return row;
}
