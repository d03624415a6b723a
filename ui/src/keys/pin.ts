import type { UiPrompt } from '../bindings';

/** CTAP 2.1: a PIN is at most 63 bytes of UTF-8, in Unicode's normal form C. */
export const MOST_BYTES = 63;

/** How long a PIN is, as a key counts: characters below, bytes above. */
export function lengths(pin: string): { characters: number; bytes: number } {
  const normal = pin.normalize('NFC');
  return { characters: [...normal].length, bytes: new TextEncoder().encode(normal).length };
}

/** `6 characters, 8 of 63 bytes`. */
export function counted(pin: string): string {
  const { characters, bytes } = lengths(pin);
  const words = characters === 1 ? '1 character' : `${characters} characters`;
  return bytes === characters ? `${words}, at most ${MOST_BYTES}` : `${words}, ${bytes} of ${MOST_BYTES} bytes`;
}

/** What is wrong with each field, if anything. */
export interface Faults {
  old?: string;
  fresh?: string;
  again?: string;
}

/** What a key would refuse is said before it is asked, as it counts what it refuses. */
export function faults(prompt: UiPrompt, old: string, fresh: string, again: string): Faults {
  const found: Faults = {};
  if (prompt.old && old === '') found.old = 'Enter the PIN of the key.';
  if (prompt.new) {
    const { characters, bytes } = lengths(fresh);
    if (characters < prompt.least) found.fresh = `At least ${prompt.least} characters.`;
    else if (bytes > MOST_BYTES) found.fresh = `At most ${MOST_BYTES} bytes. Accents and emoji count as several.`;
    else if (prompt.old && fresh === old) found.fresh = 'That is the PIN it has.';
    else if (again !== fresh) found.again = 'The two are not the same.';
  }
  return found;
}

/** The question's number in eight bytes, then each PIN as a byte of length and so many bytes; 0 for none. */
export function framed(prompt: UiPrompt, old: string, fresh: string): Uint8Array {
  const encoder = new TextEncoder();
  const pins = [prompt.old ? old : '', prompt.new ? fresh : ''].map((pin) => encoder.encode(pin.normalize('NFC')).subarray(0, 255));
  const bytes = new Uint8Array(8 + pins.reduce((sum, pin) => sum + 1 + pin.length, 0));
  new DataView(bytes.buffer).setBigUint64(0, BigInt(prompt.number));
  let at = 8;
  for (const pin of pins) {
    bytes[at] = pin.length;
    bytes.set(pin, at + 1);
    at += 1 + pin.length;
    pin.fill(0);
  }
  return bytes;
}
