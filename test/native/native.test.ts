/**
 * Parts of the addon, each compiled as its own program, once per sanitizer, and run; the pool and
 * the helper also under valgrind.
 */
// @thorough
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Test } from 'tap'
import { temporaryDirectory } from '../support/harness.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const memory = 'address,undefined'
const pool = [
  ...[
    'operations/copy_by_hand',
    'operations/direct_alignment',
    'operations/extended_attributes',
    'operations/file_control',
    'operations/file_control_linux',
    'operations/path/copy_file',
    'operations/path/directory',
    'operations/path/names',
    'operations/path/stats',
    'operations/path/whole_file',
    'operations/tree/copy_tree',
    'operations/tree/listing',
    'operations/tree/make_path',
    'operations/tree/read_tree',
    'operations/tree/remove_tree',
    'operations/transfer',
    'request/completion_queue',
    'support/pinning_linux',
    'support/platform_linux',
    'support/probe_file',
    'support/processors',
    'support/processors_linux',
  ],
  ...[
    'brief',
    'early_writeback',
    'file_system_of',
    'file_system_of_linux',
    'gates',
    'hand_off',
    'thread_pool',
    'watch',
  ].map((name) => `thread_pool/${name}`),
].map((name) => `native/${name}.cc`)
const engine = [
  'aio/kernel_context',
  'cached_file',
  'cached_path',
  'directory_probe',
  'engine',
  'file_facts',
  'inline_helper',
  'kernel_slots',
  'known_file_systems',
  'prove_queue',
  'residency',
  'turn_maps',
].map((name) => `native/linux/${name}.cc`)
const helper = [
  'native/linux/inline_helper.cc',
  ...['platform_linux', 'processors', 'processors_linux'].map((name) => `native/support/${name}.cc`),
]
interface Program {
  name: string
  sources: readonly string[]
  sanitizers: readonly string[]
  flags?: readonly string[]
}

const programs: readonly Program[] = [
  { name: 'nowait_policy', sources: [], sanitizers: [memory] },
  { name: 'hand_off_rules', sources: [], sanitizers: [memory] },
  { name: 'decode_request', sources: ['native/request/decode.cc'], sanitizers: [memory] },
  { name: 'thread_pool', sources: pool, sanitizers: [memory, 'thread'] },
  { name: 'pool_steps', sources: pool, sanitizers: [memory, 'thread'], flags: ['-DCAIO_TEST_STEPS'] },
  { name: 'beside', sources: pool, sanitizers: [memory, 'thread'], flags: ['-DCAIO_TEST_STEPS'] },
  { name: 'inline_helper', sources: helper, sanitizers: [memory, 'thread'] },
  { name: 'linux_engine', sources: [...pool, ...engine], sanitizers: [memory, 'thread'] },
  { name: 'engine_steps', sources: [...pool, ...engine], sanitizers: [memory, 'thread'], flags: ['-DCAIO_TEST_STEPS'] },
]

t.setTimeout(840_000)

/** Beside this Node, or in node-gyp's cache. */
const headers = [
  join(process.execPath, '../../include/node'),
  join(homedir(), `.cache/node-gyp/${process.versions.node}/include/node`),
].find((folder) => fs.existsSync(folder))

const objects = temporaryDirectory(t)
/** Compiled objects by their command: programs share most of their sources. */
const compiled = new Map<string, { object: string; status: number | null; stderr: string }>()

function objectOf(source: string, flags: readonly string[]): { object: string; status: number | null; stderr: string } {
  const key = [source, ...flags].join(' ')
  const known = compiled.get(key)
  if (known) return known
  const object = join(objects, `${compiled.size}.o`)
  const include = headers ? [`-I${headers}`] : []
  const options = ['-std=c++17', '-O1', '-g', '-Wall', '-Wextra', ...flags, ...include]
  const { status, stderr } = spawnSync('g++', [...options, '-c', '-o', object, join(root, source)], {
    encoding: 'utf8',
  })
  const made = { object, status, stderr }
  compiled.set(key, made)
  return made
}

function compile(t: Test, name: string, sources: readonly string[], flags: readonly string[]): string {
  const program = join(objects, [name, ...flags].join('').replaceAll(/[^a-z_]/g, ''))
  const parts = [`test/native/${name}.cc`, ...sources].map((source) => objectOf(source, flags))
  for (const { status, stderr } of parts) if (status !== 0 || stderr !== '') t.fail(stderr || 'does not compile')
  const linked = spawnSync('g++', [...flags, '-o', program, ...parts.map(({ object }) => object), '-lpthread'], {
    encoding: 'utf8',
  })
  t.equal(linked.status, 0, linked.stderr || 'compiles')
  t.equal(linked.stderr, '', 'without a warning')
  return program
}

function run(t: Test, command: string, args: readonly string[] = []): void {
  const { status, signal, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 120_000 })
  t.comment(stdout.trim())
  // Ignores valgrind's messages about itself: older versions do not know openat2. Faults have lines
  // of another kind.
  t.equal(stderr.replaceAll(/^--\d+-- .*\n/gm, ''), '')
  t.equal(status, 0, `${signal ?? ''} ${stdout}`)
}

for (const { name, sources, sanitizers, flags = [] } of programs) {
  for (const sanitizer of sanitizers) {
    void t.test(`${name}, ${sanitizer}`, async (t) => {
      run(t, compile(t, name, sources, [`-fsanitize=${sanitizer}`, '-fno-sanitize-recover=all', ...flags]))
    })
  }
}

const skip = spawnSync('valgrind', ['--version']).status === 0 ? false : 'valgrind is not installed'
// Not the engine: the kernel maps a ring of more entries than requested, and valgrind takes the
// others for unallocated memory.
for (const { name, sources, flags = [] } of programs.filter(
  ({ name, sanitizers }) => sanitizers.includes('thread') && !name.includes('engine'),
)) {
  void t.test(`${name}, valgrind`, { skip }, async (t) => {
    run(t, 'valgrind', [
      '--quiet',
      '--leak-check=full',
      '--fair-sched=yes',
      '--error-exitcode=9',
      compile(t, name, sources, flags),
    ])
  })
}
