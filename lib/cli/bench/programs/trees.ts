/** Trees for the programs, the same in every run. Made with plain node:fs. */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { dirname, join } from 'node:path'
import type { Essence } from './program.js'
import { SMALL_BYTES, fillBlock } from '../../sample-file.js'

/** files per folder */
const FOLDER = 20
/** folders per shelf */
const SHELF = 8

const endings = ['js', 'ts', 'json', 'md'] as const

/** Path of a file in a tree, by its number. */
function pathOf(at: number): string {
  const folder = Math.floor(at / FOLDER)
  return `shelf-${Math.floor(folder / SHELF)}/folder-${folder % SHELF}/file-${at}.${endings[at % endings.length]}`
}

/** Lines of text, each different from the one before: 64 B to 4 KiB, 2 KiB on average. */
export function text(at: number): string {
  const lines = 1 + ((at * 37) % 64)
  return Array.from(
    { length: lines },
    (_, line) => `line ${line} of file ${at}: ${(at * 7919 + line * 104_729) % 9973}  `,
  )
    .map((each) => each.padEnd(63, '.'))
    .join('\n')
}

function write(path: string, content: string | Uint8Array): void {
  fs.mkdirSync(dirname(path), { recursive: true })
  fs.writeFileSync(path, content)
}

/** The paths of all files of a tree, relative to its directory. */
export const namesOf = (files: number): string[] => Array.from({ length: files }, (_, at) => pathOf(at))

/** A tree of small text files. */
export function makeTree(directory: string, files: number): void {
  namesOf(files).forEach((name, at) => write(join(directory, name), text(at)))
}

export const assetName = (at: number): string => `asset-${at}.bin`

/** Binary files in one directory, as a server has them: 2 KiB to 48 KiB. */
export function makeAssets(directory: string, files: number): void {
  const block = new Uint32Array(SMALL_BYTES / 4)
  for (let at = 0; at < files; at++) {
    fillBlock(block, at)
    const whole = Buffer.concat(Array.from({ length: 1 + (at % 16) }, () => Buffer.from(block.buffer)))
    write(join(directory, assetName(at)), whole.subarray(0, whole.length - (at % 1000)))
  }
}

/** Path of a module, without its extension. */
export const moduleName = (at: number): string => `part-${Math.floor(at / FOLDER)}/module-${at}`

/**
 * A module that imports its two children in a binary tree. Its layout has no style, so that a
 * formatter changes it.
 */
function moduleText(at: number, modules: number, typed: boolean): string {
  const below = [2 * at + 1, 2 * at + 2].filter((each) => each < modules)
  const of = (type: string): string => (typed ? `: ${type}` : '')
  return [
    ...below.map((each) => `import {value${each}} from '../${moduleName(each)}.js'`),
    `const table${at}${of('Record<string, number>')} = {`,
    ...Array.from({ length: 8 }, (_, key) => `  key${key}:${(at * 31 + key * 17) % 101},`),
    '}',
    `export function value${at}(name${of('string')}, depth${of('number')})${of('number')} {`,
    `    const own = table${at}[name] ?? ${at}`,
    `    if(depth<=0) { return own } else { return own ${below.map((each) => `+value${each}(name, depth-1)`).join('')} }`,
    '}',
    `export class Thing${at} {`,
    `  ${typed ? 'private ' : ''}count${of('number')} = 0`,
    `  add( more${of('number')} )${of('this')} { this.count+=more;  return this }`,
    `  get size( )${of('number')} {return this.count}`,
    '}',
    '',
  ].join('\n')
}

/** A tree of modules, all reached from the first. */
export function makeModules(directory: string, modules: number, ending: 'js' | 'ts'): void {
  for (let at = 0; at < modules; at++) {
    write(join(directory, `${moduleName(at)}.${ending}`), moduleText(at, modules, ending === 'ts'))
  }
}

/** Content of a tree: kind and mode of each name, and the checksum of its content. */
export type Tree = Record<string, string>

/**
 * Describes a tree. Never follows a link.
 * @param essence the part of a file to compare
 */
export function describeTree(directory: string, essence: Essence = (_, content) => content): Tree {
  const names = fs.readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()
  return Object.fromEntries(
    names.map((name) => {
      const path = join(directory, name)
      const stats = fs.lstatSync(path)
      const mode = stats.mode.toString(8)
      if (stats.isSymbolicLink()) return [name, `link to ${fs.readlinkSync(path)}`]
      if (!stats.isFile()) return [name, mode]
      const content = essence(name, fs.readFileSync(path))
      return [name, content ? `${mode} ${content.length} ${checksum(content)}` : mode]
    }),
  )
}

export const checksum = (content: string | Uint8Array): string => createHash('sha1').update(content).digest('hex')
