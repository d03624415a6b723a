/** What is typed of secrets on its way to Rust: a letter for what it is, then each text after two bytes of its length. */
export function framed(kind: 'p' | 'c', ...texts: string[]): Uint8Array {
  const encoder = new TextEncoder();
  const parts = texts.map((text) => encoder.encode(text));
  const bytes = new Uint8Array(1 + parts.reduce((sum, part) => sum + 2 + part.length, 0));
  bytes[0] = kind.charCodeAt(0);
  let at = 1;
  for (const part of parts) {
    bytes[at] = part.length >> 8;
    bytes[at + 1] = part.length & 0xff;
    bytes.set(part, at + 2);
    at += 2 + part.length;
    part.fill(0);
  }
  return bytes;
}

/** More than two bytes of length can tell, or than any server takes. */
export const LONGEST = 4096;
