import { parse } from 'svelte/compiler';
import { expect, test } from 'vitest';

/** Words that ordinary text of the window never has, and what it says in their place. */
const BANNED: [RegExp, string][] = [
  // `sso-session` is the name of a section of the AWS config file.
  [/(?<!sso-)\bsessions?\b/i, 'sign-in'],
  [/\btokens?\b/i, 'sign-in, or credentials'],
  [/\blog ?in\b|\blog(ged|ging)? (in|out)\b|\blogout\b/i, 'sign in, sign out'],
  [/\bassum(e|es|ed|ing)\b/i, 'open, use'],
  [/\bfederat/i, 'open'],
  [/\bpermission sets?\b/i, 'role'],
  [/\bapplications?\b/i, 'app'],
  [/\bpreferences\b/i, 'settings'],
  [/\borganization/i, 'organisation'],
  [/\bfavorite|\bcolor\b/i, 'favourite, colour'],
  [/\boops\b|\bplease\b|\bsorry\b/i, 'what happened, what it means, what to do'],
  [/[^!=]!(\s|$)/, 'a full stop'],
];

/** The names of fields in the AWS CLI's files and of endpoints, which are not ours to choose. */
const NAMES = new Set(['Federation endpoint']);

interface Node {
  type: string;
  [key: string]: unknown;
}

/** Every text that can be seen or heard: of the page, of attributes, and of literals that are sentences. */
function texts(source: string): string[] {
  const found: string[] = [];
  const walk = (value: unknown) => {
    if (Array.isArray(value)) value.forEach(walk);
    else if (value && typeof value === 'object') visit(value as Node);
  };
  const visit = (node: Node) => {
    if (node.type === 'ImportDeclaration' || node.type === 'StyleSheet' || node.type === 'Comment') return;
    if (node.type === 'Attribute' && /^(class|id|href|for|name|type|role|data-|style)/.test(String(node.name))) {
      if (node.name !== 'name') return;
    }
    if (node.type === 'Text') found.push(String(node.data));
    if (node.type === 'Literal' && typeof node.value === 'string') found.push(node.value);
    if (node.type === 'TemplateElement') found.push(String((node.value as { cooked: string }).cooked));
    for (const [key, child] of Object.entries(node)) if (key !== 'metadata' && key !== 'parent' && key !== 'comments') walk(child);
  };
  const { fragment, instance, module } = parse(source, { modern: true });
  walk([fragment, instance, module]);
  return found.map((text) => text.replaceAll(/\s+/g, ' ').trim()).filter(isForPeople);
}

/** Two words, or one that begins as a sentence does; ids and keys are neither. */
function isForPeople(text: string): boolean {
  return /\p{L}/u.test(text) && !text.startsWith('(prefers-') && (/\s/.test(text) || /^\p{Lu}/u.test(text)) && !NAMES.has(text);
}

const all = import.meta.glob<string>(['../**/*.svelte', '../**/*.ts', '!../gallery/**', '!../**/*.test.ts', '!../bindings.ts'], {
  query: '?raw',
  import: 'default',
  eager: true,
});
const said = Object.entries(all).map(([file, source]) => ({ file, words: texts(file.endsWith('.svelte') ? source : `<script lang="ts">${source}</script>`) }));

test("the window's own words are those of the vocabulary", () => {
  const breaches = said.flatMap(({ file, words }) =>
    words.flatMap((text) => BANNED.filter(([word]) => word.test(text)).map(([word, instead]) => `${file}: "${text}" has ${word}; say ${instead}`)),
  );
  expect(breaches).toEqual([]);
});

test('the words are really read', () => {
  const words = said.flatMap((one) => one.words);
  expect(words.length).toBeGreaterThan(250);
  for (const one of ['Keep a profile fresh', 'No accounts assigned to you', 'Search settings', 'When a profile expired']) expect(words).toContain(one);
  expect(texts('<p title="Your session">Log in!</p>')).toEqual(['Your session', 'Log in!']);
});
