/** One row of a menu; `null` is a line between groups. */
export interface MenuItem {
  label: string;
  hint?: string;
  /** A colour before the label, by the AWS console's name of it. */
  swatch?: string | null;
  checked?: boolean;
  danger?: boolean;
  disabled?: boolean;
  chosen: () => void;
}
