import type { UiProblem, UiReply, UiRequest } from '../bindings';
import type { Desk, Form } from '../desk/desk.svelte';

/** What stands in the window for a secret, which never comes here. */
export const DOTS = '•'.repeat(12);

/** What is said of credentials on the clipboard. */
export const COPIED = 'Copied. The clipboard clears in 90 s, if it still holds this.';

/** What was copied last, to copy it again, and until when it works. */
interface Made {
  request: UiRequest;
  what: string;
  until: number;
}

/**
 * Copying credentials: the Rust side puts them on the clipboard, the window learns only that it did, and until
 * when they work. What is shown as copied is so until something else is.
 */
export class Copying {
  busy = $state<string | null>(null);
  copied = $state<string | null>(null);
  problem = $state.raw<UiProblem | null>(null);
  made = $state.raw<Made | null>(null);
  #what = '';
  readonly form: Form;

  constructor(
    readonly desk: Desk,
    close: () => void,
  ) {
    this.form = { asks: ['copy_environment', 'copy_credentials'], settle: (reply, request) => this.#settle(reply, request), close };
  }

  async ask(request: UiRequest, what = 'all') {
    if (this.busy) return;
    [this.busy, this.#what, this.copied, this.problem] = [what, what, null, null];
    await this.desk.submit(request, this.form);
    this.busy = null;
  }

  /** Copies what was copied last. */
  async again() {
    if (this.made) await this.ask(this.made.request, this.made.what);
  }

  /** Another way is on show, which nothing was copied by. */
  leave() {
    [this.copied, this.problem] = [null, null];
  }

  #settle(reply: UiReply, request: UiRequest) {
    this.problem = reply.reply === 'failed' ? reply.problem : null;
    if (reply.reply !== 'copied') return;
    this.copied = this.#what;
    this.made = { request, what: this.#what, until: reply.until };
  }
}
