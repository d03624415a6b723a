/** Where a row stands among its like: a list that holds only what is in sight has to say. */
export interface RowPlace {
  /** The row's own, also for the keyboard. */
  id: string;
  /** What typing ahead finds it by; nothing where there is nothing to press. */
  name: string;
  /** Below another row, or not. */
  level: 1 | 2;
  /** Counted from 1. */
  at: number;
  of: number;
  /** It is the heading of those after it, and not counted. */
  heading?: string;
}

/** Rows of which one at a time is asked for; an array is one. */
export interface Listed<T> {
  readonly length: number;
  at(index: number): T | undefined;
}

/** Every row. */
export function every<T>(rows: Listed<T>): T[] {
  if (Array.isArray(rows)) return rows as T[];
  return Array.from({ length: rows.length }, (_, index) => rows.at(index)).filter((row) => row !== undefined);
}
