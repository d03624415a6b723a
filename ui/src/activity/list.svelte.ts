import type { UiActivity, UiActivityAccount, UiActivityFilter, UiProblem, UiReply } from '../bindings';
import type { Desk } from '../desk/desk.svelte';
import { fits, NONE } from './filter';

/** Lines read at once. A long record never comes as a whole. */
const PAGE = 100;

/** The lines on show. What comes meanwhile waits until it is asked for, so that no line moves away from under the hand. */
export class ActivityList {
  lines = $state.raw<UiActivity[]>([]);
  accounts = $state.raw<UiActivityAccount[]>([]);
  more = $state(false);
  /** Read at least once, with the filter that is set now. */
  ready = $state(false);
  busy = $state(false);
  problem = $state.raw<UiProblem | null>(null);
  filter = $state.raw<UiActivityFilter>(NONE);
  /** The newest line there was when the list was read, whether it fits or not. */
  #seen = $state(0);
  /** Counts readings: an answer to an older one comes too late. */
  #reading = 0;

  /** What came since, and fits. */
  fresh = $derived.by(() => (this.desk.state?.activity ?? []).filter((line) => line.id > this.#seen && fits(line, this.filter)).length);

  constructor(readonly desk: Desk) {}

  /** Reads from the newest line on. */
  async read(filter = this.filter) {
    this.filter = filter;
    const seen = this.desk.state?.activity[0]?.id ?? 0;
    const reply = await this.#ask(null);
    if (reply?.reply !== 'activity') return;
    this.lines = reply.lines;
    this.more = reply.more;
    if (reply.accounts) this.accounts = reply.accounts;
    this.#seen = Math.max(seen, reply.lines[0]?.id ?? 0);
    this.ready = true;
  }

  /** Reads on where the list ends. */
  async older() {
    const reply = await this.#ask(this.lines.at(-1)?.id ?? null);
    if (reply?.reply !== 'activity') return;
    this.lines = [...this.lines, ...reply.lines];
    this.more = reply.more;
  }

  async #ask(before: number | null): Promise<UiReply | null> {
    const reading = ++this.#reading;
    this.busy = true;
    const reply = await this.desk.tell({ ask: 'history', filter: this.filter, before, limit: PAGE }, () => undefined);
    if (reading !== this.#reading) return null;
    this.busy = false;
    this.problem = reply.reply === 'failed' ? reply.problem : null;
    return reply;
  }
}
