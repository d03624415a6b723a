import type { UiAccount, UiRole } from '../bindings';
import type { RowPlace } from '../kit/row-list';
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

/** Every row of the list, from top to bottom. */
export function rowsOf(org: string, groups: Group[], isOpen: (found: Found) => boolean): ListRow[] {
  const rows: ListRow[] = [];
  const of = groups.reduce((sum, { found }) => sum + found.length, 0);
  let at = 0;
  for (const { label, found } of groups) {
    if (label) rows.push({ kind: 'group', id: `group ${label}`, name: '', level: 1, at: 0, of: 0, heading: label });
    for (const one of found) {
      at += 1;
      const { account, roles } = one;
      const only = account.roles?.length === 1 ? account.roles[0] : undefined;
      if (only) {
        rows.push(roleRow(org, account, only, { level: 1, at, of }, true));
        continue;
      }
      const open = isOpen(one);
      rows.push(accountRow(account, open, at, of));
      if (!open) continue;
      for (const [index, role] of (roles ?? []).entries()) rows.push(roleRow(org, account, role, { level: 2, at: index + 1, of: roles?.length ?? 0 }, false));
      if (!roles?.length) rows.push({ kind: roles ? 'none' : 'loading', id: `${account.id}/`, name: '', level: 2, at: 1, of: 1 });
    }
  }
  return rows;
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

function roleRow(org: string, account: UiAccount, role: UiRole, { level, at, of }: Pick<RowPlace, 'level' | 'at' | 'of'>, whole: boolean): ListRow {
  const known = ROLES.get(role);
  const same = known && known.line.grant.org === org && known.whole === whole;
  if (same && known.at === at && known.of === of) return known;
  const line = same ? known.line : lineOf(org, account, role);
  const row = { kind: 'role' as const, id: `${account.id}/${role.name}`, name: account.name, level, at, of, line, whole, number: whole ? account.id_grouped : undefined };
  ROLES.set(role, row);
  return row;
}
