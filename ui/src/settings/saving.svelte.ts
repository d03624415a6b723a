import type { UiProblem, UiSettings } from '../bindings';
import type { Desk, Form } from '../desk/desk.svelte';

/** How long "Saved" stands there. */
const SHOWN = 2000;

/** Saves each change at once; there is no button for it. What could not be saved is told where it was set. */
export class Saving {
  saved = $state(false);
  problem = $state.raw<UiProblem | null>(null);
  /** What stands when all that was asked is done: the state that is told may be from before it. */
  #wanted: UiSettings | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly form: Form;

  constructor(readonly desk: Desk) {
    this.form = {
      asks: ['set_settings'],
      settle: (reply) => {
        if (reply.reply === 'failed') this.#wanted = null;
        this.problem = reply.reply === 'failed' ? { ...reply.problem, title: `Not saved: ${reply.problem.title}` } : null;
        if (reply.reply === 'done') this.flash();
        else this.saved = false;
      },
      close: () => (this.problem = null),
    };
  }

  /** Says for a while that it was saved. */
  flash() {
    this.saved = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.saved = false), SHOWN);
  }

  async set(change: Partial<UiSettings>) {
    const known = this.#wanted ?? this.desk.state?.settings;
    if (!known) return;
    this.#wanted = { ...known, ...change };
    await this.desk.submit({ ask: 'set_settings', settings: this.#wanted }, this.form);
  }
}
