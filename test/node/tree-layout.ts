/** The folders of Node's test/ whose tests are plain files that a child process runs. */
export const SUITES = ['async-hooks', 'es-module', 'parallel', 'sequential'] as const

/** Below test/fixtures: large, and used only by other tests. */
export const UNNEEDED_FIXTURES = ['wpt', 'test426', 'snapshot/typescript.js'] as const
