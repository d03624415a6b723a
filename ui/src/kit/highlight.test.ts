import { expect, test } from 'vitest';
import { hits } from './highlight';

/** What is found, in brackets. */
const marked = (text: string, ...words: string[]) =>
  hits(text, words).reduceRight((rest, [start, end]) => `${rest.slice(0, start)}[${rest.slice(start, end)}]${rest.slice(end)}`, text);

test.each([
  ['payments-prod', ['pay'], '[pay]ments-prod'],
  ['Payments-Prod', ['prod', 'pay'], '[Pay]ments-[Prod]'],
  ['aaa', ['aa'], '[aaa]'],
  ['payments', ['x'], 'payments'],
  ['payments', [''], 'payments'],
  ['1111-2222-3333', ['11112'], '[1111-2]222-3333'],
  ['1111-2222-3333', ['2222'], '1111-[2222]-3333'],
  ['<b>', ['b'], '<[b]>'],
])('in %s, %j marks %s', (text, words, expected) => {
  expect(marked(text, ...words)).toBe(expected);
});
