/** Installs packages from npm's cache, by the library that `npm ci` is made of. */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Program } from './program.js'
import { text } from './trees.js'

interface Tree {
  inventory: { size: number }
}

interface Arborist {
  loadVirtual(): Promise<Tree>
  reify(): Promise<Tree>
}

type ArboristClass = new (options: object) => Arborist

const TIMES_FILES = 2
const FILES_A_PACKAGE = 10
const packagesOf = (files: number): number => Math.ceil((files * TIMES_FILES) / FILES_A_PACKAGE)

const BLOCK = 512

/** One file of an archive, in the format of tar. */
function entry(name: string, content: Buffer): Buffer {
  const whole = Buffer.alloc(BLOCK + Math.ceil(content.length / BLOCK) * BLOCK)
  const octal = (number: number, at: number, digits: number): void => {
    whole.write(`${number.toString(8).padStart(digits, '0')}\0`, at)
  }
  whole.write(name)
  octal(0o644, 100, 7)
  octal(content.length, 124, 11)
  octal(1_700_000_000, 136, 11)
  whole.write('        0', 148)
  whole.write('ustar\x0000', 257)
  const sum = whole.subarray(0, BLOCK).reduce((all, byte) => all + byte, 0)
  octal(sum, 148, 6)
  content.copy(whole, BLOCK)
  return whole
}

function archive(name: string, first: number): Buffer {
  const main = Buffer.from(JSON.stringify({ name, version: '1.0.0' }))
  const files = Array.from({ length: FILES_A_PACKAGE - 1 }, (_, at) =>
    entry(`package/${at % 2 ? 'lib/' : ''}file-${at}.js`, Buffer.from(text(first + at))),
  )
  return gzipSync(Buffer.concat([entry('package/package.json', main), ...files, Buffer.alloc(2 * BLOCK)]))
}

const cacheIn = (input: string): string => join(input, '_cacache')

/**
 * Puts a file where npm's cache has it.
 * @returns its checksum, as in a lock file
 */
function store(cache: string, content: Buffer): string {
  const hash = createHash('sha512').update(content).digest()
  const name = hash.toString('hex')
  const path = join(cache, 'content-v2/sha512', name.slice(0, 2), name.slice(2, 4), name.slice(4))
  fs.mkdirSync(dirname(path), { recursive: true })
  fs.writeFileSync(path, content)
  return `sha512-${hash.toString('base64')}`
}

const registry = 'https://registry.invalid'

export const program: Program = {
  title: (files) => `npm ci: ${packagesOf(files)} packages of ${FILES_A_PACKAGE} files, from the cache`,
  packages: [{ name: '@npmcli/arborist', since: 6, comesWithNode: true }],
  input(directory, files) {
    const names = Array.from({ length: packagesOf(files) }, (_, at) => `package-${at}`)
    const dependencies = Object.fromEntries(names.map((name) => [name, '1.0.0']))
    const locked = names.map((name, at): [string, object] => {
      const integrity = store(cacheIn(directory), archive(name, at * FILES_A_PACKAGE))
      return [
        `node_modules/${name}`,
        { version: '1.0.0', resolved: `${registry}/${name}/-/${name}-1.0.0.tgz`, integrity },
      ]
    })
    const app = { name: 'app', version: '1.0.0', dependencies }
    const packages = Object.fromEntries<unknown>([['', app], ...locked])
    fs.writeFileSync(join(directory, 'package.json'), JSON.stringify(app))
    fs.writeFileSync(join(directory, 'package-lock.json'), JSON.stringify({ ...app, lockfileVersion: 3, packages }))
  },
  start({ input, work, load }) {
    const Arborist = load<ArboristClass>('@npmcli/arborist')
    for (const name of ['package.json', 'package-lock.json']) fs.copyFileSync(join(input, name), join(work, name))
    return async () => {
      const options = {
        path: work,
        cache: cacheIn(input),
        registry,
        offline: true,
        ignoreScripts: true,
        audit: false,
      }
      const arborist = new Arborist(options)
      await arborist.loadVirtual()
      return (await arborist.reify()).inventory.size
    }
  },
}
