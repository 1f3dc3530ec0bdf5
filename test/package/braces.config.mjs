/**
 * For `npm run format`: the only rule of eslint.config.js about layout. It needs no types, so it is
 * quick.
 */
import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

export default defineConfig(globalIgnores(['dist', 'build', 'prebuilds', 'docs/api']), {
  files: ['**/*.{js,mjs,cjs,ts,mts,cts}'],
  languageOptions: { parser: tseslint.parser },
  linterOptions: { reportUnusedDisableDirectives: 'off' },
  rules: { curly: ['error', 'multi-line', 'consistent'] },
})
