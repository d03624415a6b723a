import type { UiFirst, UiPortal, UiReply, UiRequest, UiShow, UiState } from '../bindings';

/** Ends a subscription. */
export type Stop = () => void;

/** What the window knows of the world outside: four commands and four events. */
export interface Host {
  /** What came with the page, if anything did: what `state` and `portal` would have answered then. */
  first(): UiFirst | null;
  state(): Promise<UiState>;
  portal(org: string): Promise<UiPortal | null>;
  ask(request: UiRequest): Promise<UiReply>;
  /** A password or a code, as bytes, once: it stands in no JSON. They are overwritten when this is answered. */
  enterSecret(bytes: Uint8Array): Promise<UiReply>;
  onState(changed: (state: UiState) => void): Promise<Stop>;
  /** The answer to something asked elsewhere, of the tray or a notification: a question, or a failure. */
  onReply(answered: (reply: UiReply) => void): Promise<Stop>;
  /** Someone wants a view shown, and something of it: the tray, or a notification. */
  onShow(show: (show: UiShow) => void): Promise<Stop>;
  /** Quitting was asked for while something would stop. */
  onQuitAsked(asked: () => void): Promise<Stop>;
}
