import type { UiKeyWish, UiReply } from '../bindings';
import type { Desk } from '../desk/desk.svelte';

/** Wishes something of security keys; what it comes to is in the state, and a refusal is a notice. */
export const wish = (desk: Desk, keys: UiKeyWish): Promise<UiReply> => desk.ask({ ask: 'keys', keys });
