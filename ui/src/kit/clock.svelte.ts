/** The one clock of the window: words that count down read it. The gallery stops it. */
class Clock {
  now = $state(Date.now());
  #timer: ReturnType<typeof setInterval> | undefined;

  start() {
    this.now = Date.now();
    this.#timer ??= setInterval(() => (this.now = Date.now()), 1000);
  }

  stop(at: number) {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.now = at;
  }
}

export const clock = new Clock();
