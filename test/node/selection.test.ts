import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { selectTests, touchesPromises, usesFs } from './selection.js'

const PROMISES = [
  "const fsp = require('fs/promises');",
  "import { open } from 'node:fs/promises';",
  "await import('fs/promises')",
  'fs.promises.readFile(name)',
  'const fsPromises = x;',
  '// uses a FileHandle',
  'async function f(fileHandle) {}',
  "const { open } = require('fs').promises;",
  "const { open } = require('node:fs').promises;",
  "const { promises: fs } = require('fs');",
  "const {\n  promises: { open },\n} = require('node:fs');",
  "const { readFileSync, promises: { symlink: async } } = require('fs');",
  "const fs = require('fs');\nconst { promises } = fs;",
  "import { promises } from 'fs';",
  "import fs, { promises as p } from 'node:fs';",
  "import {\n  existsSync,\n  promises,\n} from 'fs';",
]

const NO_PROMISES = [
  '',
  "const fs = require('fs');\nfs.readFile(name, done);",
  "const { setTimeout } = require('timers/promises');",
  "const { promises } = require('dns');\nconst fs = require('fs');",
  "const promises = [];\nconst fs = require('fs');",
  'promises.push(run());',
]

t.test('touchesPromises', async (t) => {
  for (const source of PROMISES) t.equal(touchesPromises({ name: 'parallel/test-x.js', source }), true, source)
  for (const source of NO_PROMISES) t.equal(touchesPromises({ name: 'parallel/test-x.js', source }), false, source)
})

t.test('usesFs', async (t) => {
  const table: [name: string, source: string, uses: boolean][] = [
    ['parallel/test-x.js', PROMISES[0]!, true],
    ['parallel/test-fs-anything.js', '', true],
    ['parallel/test-x.js', "const fs = require('fs');\nfs.createReadStream(name)", true],
    ['parallel/test-x.js', "import fs from 'node:fs';\nfs.stat(name, done)", true],
    ['parallel/test-x.js', "const { readFile } = require('fs');", true],
    ['parallel/test-x.js', "const { readFileSync, constants } = require('fs');", false],
    ['parallel/test-x.js', "const fs = require('fs');\nfs.readFileSync(key); fs.constants.O_RDONLY", false],
    ['parallel/test-x.js', 'fs.readFile(name)', false],
    ['parallel/test-x.js', "require('os')", false],
  ]
  for (const [name, source, uses] of table) t.equal(usesFs({ name, source }), uses, `${name}: ${source}`)
})

t.test('selectTests reads the test files of the four suites and nothing else', async (t) => {
  const tree = t.testdir()
  const files: [path: string, source: string][] = [
    ['async-hooks/test-a.js', 'chosen'],
    ['async-hooks/init-hooks.js', 'chosen'],
    ['es-module/test-b.mjs', 'chosen'],
    ['parallel/test-d.js', 'chosen'],
    ['parallel/test-c.js', 'chosen'],
    ['parallel/test-e.js', 'other'],
    ['parallel/test-f.py', 'chosen'],
    ['pummel/test-g.js', 'chosen'],
    ['sequential/test-h.js', 'chosen'],
  ]
  for (const [path, source] of files) {
    mkdirSync(join(tree, 'test', path, '..'), { recursive: true })
    writeFileSync(join(tree, 'test', path), source)
  }
  const names = selectTests(tree, ({ source }) => source === 'chosen').map(({ name }) => name)
  t.same(names, [
    'async-hooks/test-a.js',
    'es-module/test-b.mjs',
    'parallel/test-c.js',
    'parallel/test-d.js',
    'sequential/test-h.js',
  ])
})
