/** What the button of a menu needs, to be spread onto it. */
export interface Trigger {
  'aria-haspopup': 'menu';
  'aria-expanded': boolean;
  onpointerdown: () => void;
  onclick: (event: MouseEvent) => void;
}

/** The button of a menu, and whether the menu stands open. */
export class MenuButton {
  open = $state(false);
  /** Where the focus returns to. */
  opener: HTMLElement | null = null;
  /** The menu stood open when its button was pressed: losing the focus closes it before the click comes. */
  #pressedOpen = false;

  readonly onpointerdown = () => void (this.#pressedOpen = this.open);

  readonly onclick = (event: MouseEvent) => {
    this.opener = event.currentTarget as HTMLElement;
    // A click without a pointer comes from the keyboard.
    const closes = this.open || (this.#pressedOpen && event.detail > 0);
    this.#pressedOpen = false;
    if (closes) this.close();
    else this.open = true;
  };

  /** Closes it, and the focus is back on its button. */
  readonly close = () => {
    this.open = false;
    this.opener?.focus();
  };
}
