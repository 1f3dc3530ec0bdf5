// Part of the build: the whole package in one CommonJS file, dist/caio.cjs, and the entries that share it. One file is loaded in a third of
// the time that some fifty ES modules take, and `--require` of it works where ES modules cannot be required.
import { build } from 'esbuild'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const dist = fileURLToPath(new URL('../dist/', import.meta.url))

await build({
  stdin: {
    contents: `
      export * as index from './compat/index.js'
      export { default as fs } from './compat/fs.js'
      export { served } from './compat/replacements.js'`,
    resolveDir: dist,
    sourcefile: 'caio.js',
  },
  outfile: `${dist}caio.cjs`,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  charset: 'utf8',
  // As ES modules are.
  banner: { js: "'use strict'" },
  // Half of the time goes to the parser. Names stay, for stacks and for people.
  minifyWhitespace: true,
  lineLimit: 160,
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
  // package-root.ts does without.
  logOverride: { 'empty-import-meta': 'silent' },
})

// A view of a builtin module with itself as `default`, in place of a copy of each of its properties, which takes as long as all the rest.
const file = `${dist}caio.cjs`
const text = fs.readFileSync(file, 'utf8')
const viewed = text.replace(/__toESM=[^]*?(?=[,;](?:var )?__toCommonJS=)/, '__toESM=mod=>({__proto__:mod,default:mod})')
if (viewed === text) throw new Error('esbuild has another way to import a builtin module now')
// A class that speaks of itself has another name within; to users it has its own.
const inward = [...viewed.matchAll(/\bvar (\w+)=\s*class (_\1)\b/g)]
const named = inward.reduce((all, [, name, inner]) => all.replaceAll(new RegExp(`\\b${inner}\\b`, 'g'), name), viewed)
fs.writeFileSync(file, named)

const { index, served } = createRequire(import.meta.url)(`${dist}caio.cjs`)

/** As ES modules have it: what a CommonJS module exports is found by its `default`. */
const exporting = (names, from) => `export const { ${names.sort().join(', ')} } = ${from}\n`

/** Of an ES module, for a CommonJS module: TypeScript (5.3) lets it import types alone. */
const types = (name, what) => `${what} from './compat/${name}.js' with { 'resolution-mode': 'import' }\n`

const isClass = (value) => typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value))
/** What a class is declared with, as often as it is more than a name. */
const GENERIC = { Operation: ['<T = unknown>', '<T>'] }

/** As index.js exports it: types, and values with the types that they have there. */
const declarations = Object.entries(index).map(([name, value]) => {
  const [parameters, given] = GENERIC[name] ?? ['', '']
  const constant = `export declare const ${name}: typeof entry.${name}\n`
  return isClass(value) ? `${constant}export type ${name}${parameters} = entry.${name}${given}\n` : constant
})

const entries = {
  'index.cjs': "module.exports = require('./caio.cjs').index\n",
  'index.d.cts': types('index', 'import type * as entry') + types('index', 'export type *') + declarations.join(''),
  'fs.cjs': "module.exports = require('./caio.cjs').fs\n",
  // Not of fs.js: TypeScript gives a CommonJS module what an ES module exports as 'module.exports'.
  'fs.d.cts':
    types('replacements', 'import type { OpenOptions as Options, replacements }') +
    types('handle/file-handle', 'import type { CaioFileHandle as Handle }') +
    "declare const fs: Omit<typeof import('node:fs/promises'), 'open'> & Pick<typeof replacements, 'open'>\n" +
    'declare namespace fs {\n' +
    '  export type CaioFileHandle = Handle\n' +
    '  export type OpenOptions = Options\n' +
    '}\nexport = fs\n',
  'index.js': `import caio from './caio.cjs'\n${exporting(Object.keys(index), 'caio.index')}`,
  'fs.js':
    "import caio from './caio.cjs'\nexport * from 'node:fs/promises'\n" +
    exporting(Object.keys(served), 'caio.fs') +
    "const { fs } = caio\nexport { fs as default, fs as 'module.exports' }\n",
  'register.cjs': "require('./caio.cjs').index.patch()\n",
  'register-callbacks.cjs': "require('./caio.cjs').index.patch({ callbacks: true })\n",
}
for (const name of ['register', 'register-callbacks']) {
  // By require: what an ES module imports of CommonJS is parsed for its exports first.
  entries[`${name}.js`] =
    `import { createRequire } from 'node:module'\ncreateRequire(import.meta.url)('./${name}.cjs')\n`
  entries[`${name}.d.cts`] = 'export {}\n'
}
for (const [name, text] of Object.entries(entries)) fs.writeFileSync(dist + name, text)
