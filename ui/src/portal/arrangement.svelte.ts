import type { UiGrant } from '../bindings';

export type Sort = 'name' | 'most' | 'used' | 'number';
export type AppSort = 'name' | 'most' | 'used';
export type Grouping = 'none' | 'environment' | 'prefix';

const KEPT = 'latchkey.portal';

/** How a person likes the portal's list; kept on this computer, for the window alone. */
export class Arrangement {
  sort = $state<Sort>('name');
  appSort = $state<AppSort>('name');
  grouping = $state<Grouping>('none');
  /** Accounts that were opened or closed by hand. */
  open = $state.raw<Record<string, boolean>>({});
  hidden = $state.raw<string[]>([]);

  constructor() {
    try {
      const kept = JSON.parse(globalThis.localStorage?.getItem(KEPT) ?? '{}') as Partial<Arrangement>;
      if (kept.sort === 'used' || kept.sort === 'most' || kept.sort === 'number') this.sort = kept.sort;
      if (kept.appSort === 'used' || kept.appSort === 'most') this.appSort = kept.appSort;
      if (kept.grouping === 'environment' || kept.grouping === 'prefix') this.grouping = kept.grouping;
      if (kept.open && typeof kept.open === 'object') this.open = kept.open;
      if (Array.isArray(kept.hidden)) this.hidden = kept.hidden.map(String);
    } catch {
      // Nobody wrote this by hand: begin anew.
    }
  }

  #keep() {
    const { sort, appSort, grouping, open, hidden } = this;
    localStorage.setItem(KEPT, JSON.stringify({ sort, appSort, grouping, open, hidden }));
  }

  arrange(change: { sort?: Sort; appSort?: AppSort; grouping?: Grouping }) {
    Object.assign(this, change);
    this.#keep();
  }

  /** Accounts of several organisations may have the same number. */
  toggle(org: string, account: string, open: boolean) {
    this.open = { ...this.open, [`${org}/${account}`]: open };
    this.#keep();
  }

  /** What was opened or closed of an organisation's accounts; asked for all of them at every keystroke of a search. */
  opened(org: string): (account: string) => boolean | undefined {
    return lookup(this.open, `${org}/`);
  }

  hide(grant: UiGrant, on: boolean) {
    this.hidden = [...this.hidden.filter((one) => one !== keyOf(grant)), ...(on ? [keyOf(grant)] : [])];
    this.#keep();
  }

  isHidden(grant: UiGrant): boolean {
    // Asked for every role at every keystroke of a search.
    return this.hidden.length > 0 && this.hidden.includes(keyOf(grant));
  }
}

const keyOf = ({ org, account, role }: UiGrant) => `${org}/${account}/${role}`;

/** Whether an account was opened or closed by hand; mostly none was, and no key is made for it. */
export function lookup(open: Record<string, boolean>, prefix = ''): (account: string) => boolean | undefined {
  return Object.keys(open).length === 0 ? () => undefined : (account) => open[`${prefix}${account}`];
}
