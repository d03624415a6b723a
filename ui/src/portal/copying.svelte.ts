import type { UiProblem, UiReply, UiRequest } from '../bindings';
import type { Desk, Form } from '../desk/desk.svelte';

/** What stands in the window for a secret, which never comes here. */
export const DOTS = '•'.repeat(12);

/** What is said of credentials on the clipboard. */
export const COPIED = 'Copied. The clipboard clears in 90 s, if it still holds this.';

/**
 * Copying credentials: the Rust side puts them on the clipboard, the window learns only that it did.
 * What is shown as copied is so until something else is.
 */
export class Copying {
  busy = $state<string | null>(null);
  copied = $state<string | null>(null);
  problem = $state.raw<UiProblem | null>(null);
  #what = '';
  readonly form: Form;

  constructor(
    readonly desk: Desk,
    close: () => void,
  ) {
    this.form = { asks: ['copy_environment', 'copy_credentials'], settle: (reply) => this.#settle(reply), close };
  }

  async ask(request: UiRequest, what = 'all') {
    if (this.busy) return;
    [this.busy, this.#what, this.copied, this.problem] = [what, what, null, null];
    await this.desk.submit(request, this.form);
    this.busy = null;
  }

  #settle(reply: UiReply) {
    this.problem = reply.reply === 'failed' ? reply.problem : null;
    if (reply.reply === 'done') this.copied = this.#what;
  }
}
