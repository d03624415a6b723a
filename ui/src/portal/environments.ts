import type { UiClass } from '../bindings';

/** The environments that a person can choose, strictest first. */
export const ENVIRONMENTS: { value: UiClass; label: string }[] = [
  { value: 'production', label: 'Production' },
  { value: 'staging', label: 'Staging' },
  { value: 'shared', label: 'Shared' },
  { value: 'test', label: 'Test' },
  { value: 'development', label: 'Development' },
  { value: 'sandbox', label: 'Sandbox' },
];

export const environmentLabel = (value: UiClass) => ENVIRONMENTS.find((one) => one.value === value)?.label ?? 'No environment';
