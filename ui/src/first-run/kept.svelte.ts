/** A list of words that the window keeps: what was done, shown or dismissed once. */
export class Kept {
  #words = $state<string[]>([]);

  constructor(readonly key: string) {
    this.read();
  }

  /** As it was kept last; nothing where that cannot be read. */
  read() {
    try {
      const words: unknown = JSON.parse(localStorage.getItem(this.key) ?? '[]');
      this.#words = Array.isArray(words) ? words.filter((word) => typeof word === 'string') : [];
    } catch {
      this.#words = [];
    }
  }

  has(word: string) {
    return this.#words.includes(word);
  }

  add(word: string) {
    if (this.has(word)) return;
    this.#words = [...this.#words, word];
    localStorage.setItem(this.key, JSON.stringify(this.#words));
  }

  clear() {
    this.#words = [];
    localStorage.removeItem(this.key);
  }
}
