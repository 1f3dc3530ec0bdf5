/** What `npm run lint` holds that a formatter cannot. Layout is prettier's, except braces around what takes several lines. */
import eslint from '@eslint/js'
import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

/** What programs replace: polyfills, fake timers, mocks. A call into this package must not run the replacement. */
const replaceable = [
  ...['AbortController', 'AbortSignal', 'Buffer', 'Promise', 'URL', 'performance', 'process', 'structuredClone'],
  ...['clearImmediate', 'clearInterval', 'clearTimeout', 'queueMicrotask', 'setImmediate', 'setInterval', 'setTimeout'],
]

const takeAtLoad = 'Take it when the module loads, before a program replaces it: `const { … } = globalThis` at the top.'

export default defineConfig(
  globalIgnores(['dist', 'build', 'prebuilds', 'docs/api']),
  eslint.configs.recommended,
  tseslint.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      curly: ['error', 'multi-line', 'consistent'],
      eqeqeq: 'error',
      'max-params': ['error', 5],
      'object-shorthand': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
    },
  },
  {
    // With types, where they are worth their time.
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/no-floating-promises': [
        'error',
        // tap itself awaits what `t.test()` returns.
        { allowForKnownSafePromises: [{ from: 'package', name: 'PromiseWithSubtest', package: '@tapjs/core' }] },
      ],
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    // What is shipped has no `any`, not even one that comes from elsewhere.
    files: ['{lib,compat}/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'error',
      '@typescript-eslint/no-unsafe-assignment': 'error',
      '@typescript-eslint/no-unsafe-call': 'error',
      '@typescript-eslint/no-unsafe-member-access': 'error',
      '@typescript-eslint/no-unsafe-return': 'error',
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
    },
  },
  {
    // What runs in other people's programs. The command-line tool is a program of its own.
    files: ['{lib,compat}/**/*.ts'],
    ignores: ['lib/cli/**'],
    rules: {
      'no-restricted-globals': ['error', ...replaceable.map((name) => ({ name, message: takeAtLoad }))],
      'no-restricted-syntax': ['error', { selector: ':function Identifier[name="globalThis"]', message: takeAtLoad }],
    },
  },
  {
    // No types to go by: Node's own globals are not known either.
    files: ['**/*.{js,mjs,cjs}'],
    rules: { 'no-undef': 'off', '@typescript-eslint/no-require-imports': 'off' },
  },
  {
    // Tests hand async functions to listeners, and say in their own words what failed.
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      'preserve-caught-error': 'off',
    },
  },
  {
    // Large buffers are let go by assigning to what is not read again.
    files: ['lib/cli/trial/measure.ts'],
    rules: { 'no-useless-assignment': 'off' },
  },
  { files: ['**/*.cts'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
)
