// Part of the build: the package in two CommonJS files, and the entries that share them. dist/caio.cjs is what serves programs; the
// toolkit, which most of them never ask for, is in dist/toolkit.cjs, on top of it. One file is loaded in a third of the time that some
// fifty ES modules take, and `--require` of it works where ES modules cannot be required.
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
  // As ES modules are.
  banner: { js: "'use strict'" },
  // Half of the time goes to the parser. Names stay, for stacks and for people.
  minifyWhitespace: true,
  lineLimit: 160,
  define: { CAIO_PROTOCOL: JSON.stringify(describeProtocol()) },
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
  // package-root.ts does without.
  logOverride: { 'empty-import-meta': 'silent' },
}

const CORE = `
  export { default as fs } from './compat/fs.js'
  export { served } from './compat/replacements.js'
  export { patch, unpatch } from './compat/patch.js'
  export { defaultContext } from './lib/engine/default-context.js'`

async function bundle(outfile, contents, plugins = []) {
  const stdin = { contents, resolveDir: dist, sourcefile: `entry of ${outfile}` }
  const { metafile } = await build({ ...common, stdin, outfile, plugins, metafile: true })
  repair(dist + outfile)
  return new Set(Object.keys(metafile.inputs))
}

function repair(file) {
  const text = fs.readFileSync(file, 'utf8')
  // A view of a module with itself as `default`, in place of a copy of each of its properties, which takes as long as all the rest.
  const viewed = text.replace(
    /__toESM=[^]*?(?=[,;](?:var )?__toCommonJS=)/,
    '__toESM=mod=>({__proto__:mod,default:mod})',
  )
  if (viewed === text) throw new Error('esbuild has another way to import a builtin module now')
  // A class that speaks of itself has another name within; to users it has its own.
  const inward = [...viewed.matchAll(/\bvar (\w+)=\s*class (_\1)\b/g)]
  const named = inward.reduce((all, [, name, inner]) => all.replaceAll(new RegExp(`\\b${inner}\\b`, 'g'), name), viewed)
  fs.writeFileSync(file, named)
}

/** Takes what the core has from there, and notes which of its modules that are. */
const fromCore = (core, taken) => ({
  name: 'from the core',
  setup(build) {
    build.onResolve({ filter: /^\.{1,2}\// }, ({ path, resolveDir }) => {
      const module = resolve(resolveDir, path).slice(dist.length)
      if (!core.has(module)) return undefined
      taken.add(module)
      return { path: module, namespace: 'core' }
    })
    build.onLoad({ filter: /./, namespace: 'core' }, ({ path }) => ({
      contents: `module.exports = require('./caio.cjs').modules['${path}']`,
      resolveDir: dist,
    }))
    build.onResolve({ filter: /caio\.cjs$/ }, () => ({ path: './caio.cjs', external: true }))
  },
})

const core = await bundle('caio.cjs', CORE)
const taken = new Set()
await bundle('toolkit.cjs', "export * from './compat/index.js'", [fromCore(core, taken)])
const modules = [...taken].sort()
const imported = modules.map((module, at) => `import * as module${at} from './${module}'`).join('\n')
const list = modules.map((module, at) => `'${module}': module${at}`).join(', ')
await bundle('caio.cjs', `${imported}${CORE}\nexport const modules = { ${list} }`)

const require = createRequire(import.meta.url)
const { served } = require(`${dist}caio.cjs`)
const index = require(`${dist}toolkit.cjs`)

/** As ES modules have it: what a CommonJS module exports is found by its `default`. */
const exporting = (names, from) => `export const { ${names.sort().join(', ')} } = ${from}\n`

const entries = {
  'index.js': `import caio from './toolkit.cjs'\n${exporting(Object.keys(index), 'caio')}`,
  'fs.js':
    "import caio from './caio.cjs'\nexport * from 'node:fs/promises'\n" +
    exporting(Object.keys(served), 'caio.fs') +
    "const { fs } = caio\nexport { fs as default, fs as 'module.exports' }\n",
  'register.cjs': "require('./caio.cjs').patch()\n",
  'register-callbacks.cjs': "require('./caio.cjs').patch({ callbacks: true })\n",
}
for (const name of ['register', 'register-callbacks']) {
  // By require: what an ES module imports of CommonJS is parsed for its exports first.
  entries[`${name}.js`] =
    `import { createRequire } from 'node:module'\ncreateRequire(import.meta.url)('./${name}.cjs')\n`
  entries[`${name}.d.cts`] = 'export {}\n'
}
for (const [name, text] of Object.entries(entries)) fs.writeFileSync(dist + name, text)
