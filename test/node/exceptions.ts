import type { Rules } from './verdict.js'

const NOTHING_READ = 'its processes may read no file, and so not the preload'
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
    ...[
      ...['cli-permission-deny-fs', 'dotenv-node-options', 'permission-openssl-store'],
      ...['permission-drop-fs-granted-path', 'permission-drop-fs-specific-path'],
    ].map((name) => [`parallel/test-${name}.js`, NOTHING_READ] as const),
    [
      'parallel/test-runner-coverage-default-exclusion.mjs',
      'Node 24: it expects a table of all files that were loaded, a preload not among them',
    ],
    [
      'sequential/test-watch-mode.mjs',
      'Node 24: it gives each restart one second, beside other tests; with plain Node that is too short at times, too',
    ],
  ]),
  knownFaults: new Map(),
}
