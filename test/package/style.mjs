/**
 * `npm run lint` and `npm run format`: eslint, prettier and clang-format over the whole repository.
 *
 * Without an argument it checks, and exits with code 1 if a tool found something. With `--write` it
 * formats. A tool that is not installed is skipped with a message: building the package does not need
 * the linters.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const write = process.argv.includes('--write')

const programs = {
  eslint: 'node_modules/eslint/bin/eslint.js',
  prettier: 'node_modules/prettier/bin/prettier.cjs',
  'clang-format': 'node_modules/@wasm-fmt/clang-format/clang-format-cli.cjs',
}

/** The exit code of the tool; 0 if it is not installed. */
function run(tool, args) {
  const program = join(root, programs[tool])
  if (!existsSync(program)) {
    console.log(`${tool}: skipped, ${programs[tool]} is not there; \`npm ci\` installs it`)
    return 0
  }
  const begun = performance.now()
  const { status, signal, error } = spawnSync(process.execPath, [program, ...args], { cwd: root, stdio: 'inherit' })
  if (error) throw error
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  const outcome = status === 0 ? (write ? 'done' : 'ok') : `FAILED (${signal ?? `exit code ${status}`})`
  console.log(`${tool}: ${outcome}, ${seconds} s`)
  return status ?? 1
}

function nativeSources() {
  return ['native', 'test'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .filter((name) => /\.(cc|c|h)$/.test(name))
      .map((name) => join(folder, name)),
  )
}

const prettier = ['--log-level=warn', write ? '--write' : '--check', '.']
const clangFormat = [...(write ? ['-i'] : ['--dry-run', '-Werror']), ...nativeSources()]
const codes = write
  ? [
      // If prettier moves a body to its own line, eslint's rule `curly` adds braces: that is layout, too.
      run('prettier', prettier),
      run('eslint', ['--fix', '--quiet', '--no-config-lookup', '--config', 'test/package/braces.config.mjs', '.']),
      run('prettier', prettier),
      run('clang-format', clangFormat),
    ]
  : [run('prettier', prettier), run('clang-format', clangFormat), run('eslint', ['--max-warnings=0', '.'])]
process.exitCode = codes.some((code) => code !== 0) ? 1 : 0
