import type { UiShell } from '../bindings';

/** The shells whose syntax environment variables are copied in. */
export const SHELLS: { value: UiShell; label: string; line: (name: string, value: string) => string }[] = [
  { value: 'posix', label: 'bash, zsh', line: (name, value) => `export ${name}='${value}'` },
  { value: 'fish', label: 'fish', line: (name, value) => `set -gx ${name} '${value}'` },
  { value: 'power_shell', label: 'PowerShell', line: (name, value) => `$Env:${name}='${value}'` },
  { value: 'cmd', label: 'cmd', line: (name, value) => `set ${name}=${value}` },
];
const REMEMBERED = 'latchkey.shell';

/** The shell that was chosen last on this computer, else the one that is usual here. */
export function shellOfChoice(): UiShell {
  const usual = navigator.userAgent.includes('Windows') ? 'power_shell' : 'posix';
  return SHELLS.find(({ value }) => value === localStorage.getItem(REMEMBERED))?.value ?? usual;
}

export function rememberShell(shell: UiShell) {
  localStorage.setItem(REMEMBERED, shell);
}
