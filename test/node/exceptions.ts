import type { Rules } from './verdict.js'

const READS_DOC = "it reads Node's doc/, which is not extracted"

/** The tests that may fail, each with its reason. Keep it short: failures of these tests are not reported. */
export const RULES: Rules = {
  controlFailures: new Map([
    [
      'parallel/test-permission-fs-symlink-relative.js',
      'from Node 20.20 on, relative symbolic links are allowed under --permission; the test of 20.19 expects a refusal',
    ],
    ['parallel/test-cli-node-cli-manpage-env-vars.mjs', `Node 22 and 24: ${READS_DOC}`],
    ['parallel/test-cli-node-cli-manpage-options.mjs', `Node 22 and 24: ${READS_DOC}`],
    [
      'parallel/test-async-context-frame.mjs',
      "Node 22: it runs other tests through Node's tools/test.py, which is not extracted",
    ],
  ]),
  preloadForbidden: new Map([
    [
      'es-module/test-esm-loader-resolve-type.mjs',
      'Node 22: the preload of these tests is an ES module, which cannot be required under such a loader',
    ],
    [
      'parallel/test-runner-coverage-default-exclusion.mjs',
      'Node 24: it expects a table of all files that were loaded, a preload not among them',
    ],
  ]),
  knownFaults: new Map([
    [
      'es-module/test-esm-loader-hooks.mjs',
      'the preload imports node:os before the hooks of a later register() can see it, and under ' +
        '--no-experimental-require-module --require takes no ES module, which the preload is',
    ],
  ]),
}
