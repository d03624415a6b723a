import { typing } from './keys';

/** An account's number as it is shown, in groups. */
const GROUPED = /^(\d{4})-(\d{4})-(\d{4})$/;

/**
 * Takes the dashes out of an account's number that is copied as it stands on the page: no tool and no form of
 * AWS takes it with them. What stands in a field is the person's own and stays as it is.
 */
export function withoutDashes(event: ClipboardEvent) {
  const found = GROUPED.exec(getSelection()?.toString().trim() ?? '');
  if (!found || !event.clipboardData || typing(event.target)) return;
  event.clipboardData.setData('text/plain', found.slice(1).join(''));
  event.preventDefault();
}

/** Puts text without secrets on the clipboard; secrets are copied by the Rust side and never come here. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement('textarea');
    field.value = text;
    field.className = 'hidden';
    document.body.append(field);
    field.select();
    const copied = document.execCommand('copy');
    field.remove();
    return copied;
  }
}
