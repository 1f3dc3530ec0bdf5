/**
 * The prebuild on musl: its loader resolves everything that the addon imports from a C library, and
 * real bytes move in a process with neither glibc nor Node, that of musl_host.c. For arm64 under
 * qemu-user, with the tools that test/package/arm64.sh installs.
 */
// @thorough
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { EngineKind } from '../../lib/protocol/port.js'
import type { Binding } from '../../lib/backends/binding.js'
import { Opcode } from '../../lib/protocol/operations.js'
import {
  ControlField,
  FileSystemField,
  PathField,
  RECORD_FIELDS,
  RemoveFlag,
  StatsField,
  SyncField,
  TransferField,
  TransferFlag,
  TreeResult,
  WholeFileField,
} from '../../lib/protocol/port.js'
import { describeProtocol } from '../../lib/protocol/protocol.js'
import { refuser } from '../support/refuse-system-calls.js'
import { packageRoot, requiredBackends, temporaryDirectory } from '../support/harness.js'
import { importsOf } from './elf.js'
import { emptyMachine, install, nodeHeaders, pack, prebuild, program, runThere, stagePackage } from './packed.js'

/** A processor's musl, and how programs for it are built and run here. */
interface Musl {
  platform: string
  loader: string
  /** the command that runs them, if this processor cannot */
  emulator: string[]
  compiler: string
  /** the compiler's flags to use musl */
  flags(directory: string): string[]
  engines: readonly string[]
  /** why its loader is not available */
  noLoader: string | false
  /** why no program for it can be built */
  noCompiler: string | false
}

const exists = (command: string): boolean => spawnSync(command, ['--version']).status === 0

/** Debian's, or Alpine's own. */
function ofThisProcessor(): Musl {
  const loader = `/lib/ld-musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`
  const noLoader = !existsSync(loader) && `no ${loader}: apt-get install musl`
  return {
    platform: `linux-${process.arch}`,
    loader,
    emulator: [],
    compiler: 'musl-gcc',
    flags: () => [],
    engines: requiredBackends.filter((name) => name !== 'pure'),
    noLoader,
    noCompiler: noLoader || (!exists('musl-gcc') && 'no musl-gcc: apt-get install musl-tools'),
  }
}

function ofArm64(): Musl {
  const root = join(process.env['CAIO_CACHE_DIR'] ?? join(homedir(), '.cache/caio'), 'musl-arm64')
  const loader = join(root, 'lib/ld-musl-aarch64.so.1')
  const compiler = 'aarch64-linux-gnu-gcc'
  const missing = [compiler, 'qemu-aarch64'].filter((command) => !exists(command))
  if (!existsSync(loader)) missing.push(loader)
  const why = missing.length > 0 && `no ${missing.join(', no ')}: test/package/arm64.sh installs them`
  return {
    platform: 'linux-arm64',
    loader,
    emulator: ['qemu-aarch64', '-L', root],
    compiler,
    // As in Debian's musl-gcc, for files in another directory than the installed one.
    flags: (directory) => {
      const specs = join(directory, 'specs')
      const theirs = readFileSync(join(root, 'usr/lib/aarch64-linux-musl/musl-gcc.specs'), 'utf8')
      writeFileSync(specs, theirs.replaceAll('/usr/', `${root}/usr/`))
      return ['-L', join(root, 'lib/aarch64-linux-musl'), '-specs', specs]
    },
    // The emulator has no AIO.
    engines: ['thread'],
    noLoader: why,
    noCompiler: why,
  }
}

/** The numbers of the protocol, for C. */
function definitions(): string[] {
  const parts: Record<string, Record<string, number>> = {
    OPCODE: Opcode,
    TRANSFER: TransferField,
    TRANSFER_FLAG: TransferFlag,
    SYNC: SyncField,
    CONTROL: ControlField,
    WHOLE_FILE: WholeFileField,
    PATH: PathField,
    STATS: StatsField,
    FILE_SYSTEM: FileSystemField,
    REMOVE: RemoveFlag,
    TREE: TreeResult,
    KIND: EngineKind,
  }
  const each = Object.entries(parts).flatMap(([title, part]) =>
    Object.entries(part).map(([name, number]) => `-D${title}_${name}=${number}`),
  )
  return [`-DRECORD_FIELDS=${RECORD_FIELDS}`, ...each]
}

/** Compiles musl_host.c; warnings are errors. */
function compileHost(t: Test, { compiler, flags }: Musl): string {
  const directory = temporaryDirectory(t)
  const host = join(directory, 'musl_host')
  const warnings = ['-std=gnu11', '-O1', '-Wall', '-Wextra', '-Werror']
  const source = join(packageRoot, 'test/package/musl_host.c')
  const headers = ['-isystem', nodeHeaders()]
  const args = [...warnings, '-rdynamic', ...headers, ...definitions(), ...flags(directory), '-o', host, source]
  const { status, stderr } = spawnSync(compiler, args, { encoding: 'utf8' })
  t.equal(status, 0, stderr || 'compiles without a warning')
  return host
}

/**
 * Runs a host to its end.
 * @returns its lines of output
 */
function runHost(t: Test, [command = '', ...args]: string[]): string[] {
  const { status, signal, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 120_000 })
  t.equal(signal, null, 'neither crashed nor hung')
  t.equal(status, 0, stderr || 'each byte is as expected')
  return stdout.split('\n')
}

const operations = [
  ['write', 'write', 'durable', 'fsync', 'read', 'small', 'lock'],
  ['readFile', 'writeFile', 'stat', 'statfs', 'mkdir', 'mkdir', 'mkdir', 'readdir', 'rm'],
].flat()

/** Fails unless each engine has served all operations in both environments. */
function checkServed(t: Test, lines: string[], engines: readonly string[]): void {
  for (const engine of engines) {
    for (const environment of ['main', 'worker']) {
      const served = lines.map((line) => line.split(' ')).filter(([a, b]) => a === engine && b === environment)
      // The file system may lack direct I/O.
      const names = served.map(([, , name]) => name).filter((name) => name !== 'direct')
      t.same(names, operations, `${engine}, ${environment}`)
    }
  }
}

/** Answers that do not change between two looks at a directory. */
const lasting = [
  ['open', 'type', 'write', 'nowaitReadCached', 'nowaitWrite', 'ioSetup', 'asyncSync', 'resolveCached', 'direct'],
  ['statedMemoryAlignment', 'statedOffsetAlignment', 'triedMemoryAlignment', 'triedOffsetAlignment'],
].flat()

function answersIn(lines: string[]): Record<string, number> {
  const pairs = lines.flatMap((line) => {
    const [, name = '', value] = /^answer (\w+) (-?\d+)$/.exec(line) ?? []
    return lasting.includes(name) ? [[name, Number(value)]] : []
  })
  return Object.fromEntries(pairs) as Record<string, number>
}

/**
 * Names of functions for large files that the addon imports from glibc. Since 1.2.4 musl has no
 * such symbols: for a list of names, that of get_lfs64 in its ldso/dynlink.c, its loader uses the
 * functions of the plain names. All of these are in that list.
 */
const largeFileNames = [
  ['fallocate64', 'fstatfs64', 'ftruncate64', 'lseek64', 'mkstemp64', 'mmap64', 'open64', 'openat64'],
  ['posix_fadvise64', 'pread64', 'preadv64', 'pwrite64', 'pwritev64', 'readdir64', 'sendfile64', 'statfs64'],
].flat()

t.setTimeout(10 * 60_000)

const mine = ofThisProcessor()
const all = process.arch === 'arm64' ? [mine] : [mine, ofArm64()]
for (const musl of process.platform === 'linux' ? all : []) {
  const { platform, loader, emulator, engines, noLoader, noCompiler } = musl
  await t.test(`${platform} on musl`, { skip: noLoader }, async (t) => {
    const stage = temporaryDirectory(t)
    prebuild(stage, platform)
    const addon = join(stage, 'prebuilds', platform, 'caio.node')

    await t.test('resolves', async (t) => {
      const [command = '', ...args] = [...emulator, loader, '--list', addon]
      const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
      t.match(stdout, /libc\.so\.6 => .*ld-musl/, 'by musl alone')
      const unresolved = [...stderr.matchAll(/: (\S+): symbol not found$/gm)].map(([, name = '']) => name)
      t.ok(unresolved.includes('napi_create_function'), `${unresolved.length} symbols are for Node to resolve`)
      t.same(
        unresolved.filter((name) => !/^(?:napi_|node_api_|uv_)/.test(name)),
        [],
        'and none else',
      )
      const large = importsOf(addon).filter((name) => name.endsWith('64'))
      t.same(
        large.filter((name) => !largeFileNames.includes(name)),
        [],
        'nor with a newer musl',
      )
    })

    await t.test('moves bytes', { skip: noCompiler }, async (t) => {
      const host = compileHost(t, musl)
      const directory = temporaryDirectory(t)
      const lines = runHost(t, [...emulator, host, addon, directory, ...engines])
      t.match(lines.join('\n'), describeProtocol(), 'speaks the protocol of this JavaScript')
      checkServed(t, lines, engines)
      if (musl !== mine) return

      const { probeDirectory, processors } = createRequire(import.meta.url)(addon) as Binding
      const toNode = Object.entries(probeDirectory(directory) ?? {}).filter(([name]) => lasting.includes(name))
      t.same(answersIn(lines), Object.fromEntries(toNode), 'the same file finds the same in Node, on glibc')
      const [count, quota, handOff] = processors()
      t.ok(lines.includes(`processors ${count} ${quota.toFixed(3)} ${Number(handOff)}`), 'and as many processors')

      await t.test('on a kernel that lacks the newer calls', async (t) => {
        const refused = refuser(t)('ENOSYS', ['preadv2', 'pwritev2', 'statx', 'openat2'])
        const lines = runHost(t, [...refused, host, addon, temporaryDirectory(t), ...engines])
        checkServed(t, lines, engines)
        t.match(answersIn(lines), { nowaitReadCached: -95, resolveCached: -38 }, 'which has really refused them')
      })
    })
  })
}

const bun = join(packageRoot, 'node_modules/@oven/bun-linux-x64-musl/bin/bun')
const noBun = mine.noLoader || (!existsSync(bun) && `no ${bun}`)

await t.test("Bun's build for musl", { skip: noBun }, async (t) => {
  const stage = stagePackage(t)
  prebuild(stage, mine.platform)
  const machine = emptyMachine(t)
  install(machine, pack(stage).path)
  for (const name of ['use.mjs', 'use.cjs']) {
    const answer = runThere(machine, [program(machine, name), join(machine.directory, 'file')], bun)
    t.match(JSON.parse(answer), { backend: 'pure', reason: /no libuv event loop/, whole: 15 }, name)
  }
})
