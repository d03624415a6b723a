/** One row of a menu; `null` is a line between groups. */
export interface MenuItem {
  label: string;
  hint?: string;
  checked?: boolean;
  danger?: boolean;
  disabled?: boolean;
  chosen: () => void;
}
