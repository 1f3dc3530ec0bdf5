import type { Rules } from './verdict.js';

/**
 * The tests that may fail, each with its reason. Keep it short: a name here is a test that nobody hears of again.
 */
export const RULES: Rules = {
  controlFailures: new Map([
  ]),
  preloadForbidden: new Map([
  ]),
};
