import { expect, test } from 'vitest';
import { SCENES } from './scenes';
import states from './states.json';

test('the list for those who take pictures names every state', () => {
  expect(states).toEqual(Object.keys(SCENES));
});
