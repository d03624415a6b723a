import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';

export default ts.config(
  { ignores: ['dist', 'dist-gallery', 'node_modules', 'src/bindings.ts'] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  { languageOptions: { globals: globals.browser } },
  { files: ['**/*.svelte', '**/*.svelte.ts'], languageOptions: { parserOptions: { parser: ts.parser } } },
  {
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      // Names come from servers and files: they are text, never markup.
      'svelte/no-at-html-tags': 'error',
      // Colours and sizes are tokens in style sheets; the window's policy forbids inline styles.
      'svelte/no-inline-styles': ['error', { allowTransitions: false }],
      'no-restricted-imports': ['error', { patterns: ['@tauri-apps/*'] }],
    },
  },
  { files: ['src/host/**'], rules: { 'no-restricted-imports': 'off' } },
);
