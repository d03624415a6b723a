import type { UiAccount, UiGrant, UiPortal } from '../bindings';
import { clock } from '../kit/clock.svelte';
import { leftBetween, withLeft, type Left } from './left';

/** For so many milliseconds a row stays, struck out, that the portal lists no more: none is gone from under the hand. */
const STAYS = 5000;
/** More than these are no rows that one was about to press: the whole list is another. */
const MOST = 50;

/** What left the portal's list a moment ago. */
export class Leaving {
  #left = $state.raw<Left[]>([]);
  readonly #now = $derived(this.#left.filter(({ at }) => clock.now - at < STAYS));

  note(before: UiPortal | null, now: UiPortal) {
    if (!before || before.org !== now.org) return;
    const left = [...this.#now, ...leftBetween(before, now, clock.now)];
    this.#left = left.length > MOST ? [] : left;
  }

  has({ org, account, role }: UiGrant): boolean {
    return this.#now.some((one) => one.org === org && one.account.id === account && one.role.name === role);
  }

  /** The accounts of a portal with what left them. */
  accounts({ org, accounts }: UiPortal): UiAccount[] {
    const left = this.#now.filter((one) => one.org === org);
    return left.length === 0 ? accounts : withLeft(accounts, left);
  }
}
