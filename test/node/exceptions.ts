import type { Rules } from './verdict.js';

/**
 * The tests that may fail, each with its reason. Keep it short: a name here is a test that nobody hears of again.
 */
export const RULES: Rules = {
  controlFailures: new Map([
    [
      'parallel/test-permission-fs-symlink-relative.js',
      'from Node 20.20 on, relative symbolic links are allowed under --permission; the test of 20.19 expects a refusal',
    ],
  ]),
  preloadForbidden: new Map(),
};
