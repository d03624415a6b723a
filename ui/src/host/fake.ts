import type { UiFirst, UiPortal, UiReply, UiRequest, UiState, UiShow } from '../bindings';
import type { Host } from './host';

/** What a stand-in answers. */
export interface Scene {
  state: UiState;
  portals: Record<string, UiPortal>;
  reply?: (request: UiRequest) => UiReply;
  first?: UiFirst;
  /** What is never answered. */
  silent?: UiRequest['ask'][];
}

/** A stand-in that shows one scene; it remembers what it was asked. */
export class FakeHost implements Host {
  readonly asked: UiRequest[] = [];
  /** What was typed into it of secrets, as it crossed. */
  readonly entered: string[] = [];
  /** What it was called for, in order. */
  readonly calls: string[] = [];
  #changed: ((state: UiState) => void) | null = null;
  #answered: ((reply: UiReply) => void) | null = null;
  #show: ((view: UiShow) => void) | null = null;
  #quit: (() => void) | null = null;

  constructor(public scene: Scene) {}

  first() {
    return this.scene.first ?? null;
  }

  state() {
    this.calls.push('state');
    return Promise.resolve(this.scene.state);
  }

  portal(org: string) {
    return Promise.resolve(this.scene.portals[org] ?? null);
  }

  ask(request: UiRequest): Promise<UiReply> {
    this.asked.push(request);
    if (this.scene.silent?.includes(request.ask)) return new Promise(() => undefined);
    return Promise.resolve(this.scene.reply?.(request) ?? { reply: 'done' });
  }

  enterSecret(bytes: Uint8Array): Promise<UiReply> {
    this.entered.push(new TextDecoder().decode(bytes));
    return Promise.resolve({ reply: 'done' });
  }

  onState(changed: (state: UiState) => void) {
    this.calls.push('on state');
    this.#changed = changed;
    return Promise.resolve(() => (this.#changed = null));
  }

  onReply(answered: (reply: UiReply) => void) {
    this.calls.push('on reply');
    this.#answered = answered;
    return Promise.resolve(() => (this.#answered = null));
  }

  onShow(show: (show: UiShow) => void) {
    this.calls.push('on show');
    this.#show = show;
    return Promise.resolve(() => (this.#show = null));
  }

  onQuitAsked(asked: () => void) {
    this.calls.push('on quit-asked');
    this.#quit = asked;
    return Promise.resolve(() => (this.#quit = null));
  }

  /** Sends a new state, as the shell does. */
  send(state: UiState) {
    this.scene.state = state;
    this.#changed?.(state);
  }

  /** Answers something that was asked of the tray. */
  answer(reply: UiReply) {
    this.#answered?.(reply);
  }

  /** Shows a view, as a tray row does. */
  show(show: UiShow) {
    this.#show?.(show);
  }

  /** Asks to quit, as the tray does. */
  askQuit() {
    this.#quit?.();
  }
}
