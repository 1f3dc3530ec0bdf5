// Part of the build: bundles the package into five CommonJS files, each on top of the previous
// ones, and the entries that share them. dist/preload.cjs has what the preload needs;
// dist/caio.cjs, which serves programs, is loaded once that pays; dist/callbacks.cjs has the functions
// with a callback; dist/toolkit.cjs has the toolkit, which few programs use; dist/testing.cjs has
// caio/testing. Loading one file takes a third of the time of some fifty ES modules, and `--require`
// works where ES modules cannot be required.
import { build } from 'esbuild'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeProtocol } from '../dist/lib/protocol/protocol.js'

const dist = fileURLToPath(new URL('../dist/', import.meta.url))

const common = {
  bundle: true,
  absWorkingDir: dist,
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  // ES modules are strict.
  banner: { js: "'use strict'" },
  // The parser takes half of the time. Names stay, for stack traces and readers.
  minifyWhitespace: true,
  lineLimit: 160,
  define: { CAIO_PROTOCOL: JSON.stringify(describeProtocol()) },
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
  // package-root.ts does without.
  logOverride: { 'empty-import-meta': 'silent' },
}

/** Each file with its exports. */
const PARTS = {
  // Includes the modules that take Node's own functions: they have to be loaded before any is replaced.
  'preload.cjs': `
    export { patch, provide, provideLater, unpatch } from './compat/patch.js'
    export { makeFs } from './compat/make-fs.js'
    export { loadWhenNeeded } from './compat/stand-in.js'
    export * as files from './lib/common/node-files.js'
    export { own } from './lib/backends/pure/own-fs.js'
    export { now } from './lib/common/clock.js'`,
  'caio.cjs': `
    export { served as promises } from './compat/replacements.js'
    export { watching } from './compat/callbacks/watch-file.js'
    export { defaultContext } from './lib/engine/default-context.js'`,
  'callbacks.cjs': "export { callbackReplacements as callbacks } from './compat/callbacks/callbacks.js'",
  'toolkit.cjs': "export * from './compat/index.js'",
  'testing.cjs': "export * from './lib/testing/index.js'",
}

async function bundle(outfile, contents, plugins = []) {
  const stdin = { contents, resolveDir: dist, sourcefile: `entry of ${outfile}` }
  const { metafile } = await build({ ...common, stdin, outfile, plugins, metafile: true })
  repair(dist + outfile)
  return new Set(Object.keys(metafile.inputs))
}

function repair(file) {
  const text = fs.readFileSync(file, 'utf8')
  // A view of a module with itself as `default`. Copying each of its properties takes as long as
  // all the rest.
  const viewed = text.replace(
    /__toESM=[^]*?(?=[,;](?:var )?__toCommonJS=)/,
    '__toESM=mod=>({__proto__:mod,default:mod})',
  )
  if (viewed === text) throw new Error('esbuild has another way to import a builtin module now')
  // esbuild renames a class inside its own body if it refers to itself; users have to see its own name.
  const inward = [...viewed.matchAll(/\bvar (\w+)=\s*class (_\1)\b/g)]
  const named = inward.reduce((all, [, name, inner]) => all.replaceAll(new RegExp(`\\b${inner}\\b`, 'g'), name), viewed)
  fs.writeFileSync(file, named)
}

/** Resolves modules to the files that already contain them, and records them in `taken`. */
const fromOthers = (fileOf, taken) => ({
  name: 'from others',
  setup(build) {
    build.onResolve({ filter: /^\.{1,2}\// }, ({ path, resolveDir }) => {
      const module = resolve(resolveDir, path).slice(dist.length)
      if (!fileOf.has(module)) return undefined
      taken.add(module)
      return { path: module, namespace: 'others' }
    })
    build.onLoad({ filter: /./, namespace: 'others' }, ({ path }) => ({
      contents: `module.exports = require('./${fileOf.get(path)}').modules['${path}']`,
      resolveDir: dist,
    }))
    build.onResolve({ filter: /\.cjs$/ }, ({ path }) => ({ path, external: true }))
  },
})

const fileOf = new Map()
const taken = new Set()
for (const [file, contents] of Object.entries(PARTS)) {
  const inputs = await bundle(file, contents, [fromOthers(new Map(fileOf), taken)])
  for (const input of inputs) if (!input.includes(':')) fileOf.set(input, file)
}
// Builds again, now that it is known which modules of each file the others use: the file also exports those.
for (const [file, contents] of Object.entries(PARTS)) {
  const others = new Map([...fileOf].filter(([, other]) => other !== file))
  const modules = [...taken].filter((module) => fileOf.get(module) === file).sort()
  const imported = modules.map((module, at) => `import * as module${at} from './${module}'\n`).join('')
  const list = modules.map((module, at) => `'${module}': module${at}`).join(', ')
  const given = modules.length > 0 ? `\nexport const modules = { ${list} }` : ''
  await bundle(file, imported + contents + given, [fromOthers(others, new Set())])
}

const require = createRequire(import.meta.url)
const { promises } = require(`${dist}caio.cjs`)
const index = require(`${dist}toolkit.cjs`)
const testing = require(`${dist}testing.cjs`)

/**
 * Source of an ES module that imports one of the files, through a file that does nothing else. Node
 * scans the source of an imported CommonJS file for the names of its exports, which takes two or
 * three times as long as loading it. Bundlers follow this import; they would not follow
 * createRequire.
 */
const importing = (part) => `import { caio } from './${part}.import.cjs'\n`

/** An ES module reaches the exports of a CommonJS module through its `default`. */
const exporting = (names, from) => `export const { ${names.sort().join(', ')} } = ${from}\n`

const taking = (names) =>
  `const { ${names}, provideLater } = require('./preload.cjs')
provideLater({
  promises: () => require('./caio.cjs').promises,
  watching: () => require('./caio.cjs').watching,
  callbacks: () => require('./callbacks.cjs').callbacks,
})
`

/**
 * Imports types from an ES module into the declarations of a CommonJS module: TypeScript (5.3)
 * allows that for types only.
 */
const types = (name, what) => `${what} from './${name}.js' with { 'resolution-mode': 'import' }\n`

const isClass = (value) => typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value))
/** Generic classes: their type parameters as declared, and as passed on. */
const GENERIC = { Operation: ['<T = unknown>', '<T>'] }

/** Declarations of an ES module's exports: types, and values with the types they have there. */
function declarations(module, exported) {
  const values = Object.entries(exported).map(([name, value]) => {
    const [parameters, given] = GENERIC[name] ?? ['', '']
    const constant = `export declare const ${name}: typeof entry.${name}\n`
    return isClass(value) ? `${constant}export type ${name}${parameters} = entry.${name}${given}\n` : constant
  })
  return types(module, 'import type * as entry') + types(module, 'export type *') + values.join('')
}

const entries = {
  'index.cjs': "module.exports = require('./toolkit.cjs')\n",
  'index.d.cts': declarations('compat/index', index),
  'testing.js': `${importing('testing')}${exporting(Object.keys(testing), 'caio')}`,
  'testing.d.cts': declarations('lib/testing/index', testing),
  'fs.cjs': `${taking('loadWhenNeeded, makeFs')}loadWhenNeeded()\nmodule.exports = makeFs()\n`,
  // Not of fs.js: to a CommonJS module, TypeScript gives an ES module's export named 'module.exports'.
  'fs.d.cts':
    types('compat/replacements', 'import type { OpenOptions as Options, Replacements }') +
    types(
      'compat/fs',
      'import type { CaioFileHandle as Handle, HandleReadOptions as Read, HandleWriteOptions as Write }',
    ) +
    "declare const fs: Omit<typeof import('node:fs/promises'), keyof Replacements> & Replacements\n" +
    'declare namespace fs {\n' +
    '  export type CaioFileHandle = Handle\n' +
    '  export type HandleReadOptions = Read\n' +
    '  export type HandleWriteOptions = Write\n' +
    '  export type OpenOptions = Options\n' +
    '}\nexport = fs\n',
  'index.js': `${importing('toolkit')}${exporting(Object.keys(index), 'caio')}`,
  'fs.js':
    `${importing('fs')}export * from 'node:fs/promises'\n` +
    exporting(Object.keys(promises), 'caio') +
    "export { caio as default, caio as 'module.exports' }\n",
  'register.cjs': `${taking('patch')}patch()\n`,
  'register-callbacks.cjs': `${taking('patch')}patch({ callbacks: true })\n`,
}
for (const part of ['fs', 'toolkit', 'testing']) {
  entries[`${part}.import.cjs`] = `exports.caio = require('./${part}.cjs')\n`
}
// An ES module in front of it would cost each start two milliseconds.
for (const name of ['register', 'register-callbacks']) entries[`${name}.d.cts`] = 'export {}\n'
for (const [name, text] of Object.entries(entries)) fs.writeFileSync(dist + name, text)
