import type { UiPortal, UiReply, UiRequest, UiState } from '../bindings';
import type { Host } from './host';

/** What a stand-in answers. */
export interface Scene {
  state: UiState;
  portals: Record<string, UiPortal>;
  reply?: (request: UiRequest) => UiReply;
}

/** A stand-in that shows one scene; it remembers what it was asked. */
export class FakeHost implements Host {
  readonly asked: UiRequest[] = [];
  #changed: ((state: UiState) => void) | null = null;

  constructor(public scene: Scene) {}

  state() {
    return Promise.resolve(this.scene.state);
  }

  portal(org: string) {
    return Promise.resolve(this.scene.portals[org] ?? null);
  }

  ask(request: UiRequest): Promise<UiReply> {
    this.asked.push(request);
    return Promise.resolve(this.scene.reply?.(request) ?? { reply: 'done' });
  }

  onState(changed: (state: UiState) => void) {
    this.#changed = changed;
    return Promise.resolve(() => (this.#changed = null));
  }

  onShow() {
    return Promise.resolve(() => undefined);
  }

  onQuitAsked() {
    return Promise.resolve(() => undefined);
  }

  /** Sends a new state, as the shell does. */
  send(state: UiState) {
    this.scene.state = state;
    this.#changed?.(state);
  }
}
