import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { SUITES, UNNEEDED_FIXTURES } from './tree-layout.js'

/** Refuses a file that is not, byte for byte, the pinned one. */
export async function verifySha256(file: string, expected: string): Promise<void> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  const actual = hash.digest('hex')
  if (actual !== expected) throw new Error(`${file} has the SHA-256 ${actual}, test/node/pins.ts says ${expected}`)
}

/** Extracts the needed parts of Node's test/ from a source tarball into `folder`. */
export async function extractTests(tarball: string, version: string, folder: string): Promise<void> {
  const inside = (path: string): string => `node-v${version}/test/${path}`
  const excludes = UNNEEDED_FIXTURES.map((path) => `--exclude=${inside(`fixtures/${path}`)}`)
  const wanted = ['common', 'fixtures', ...SUITES].map(inside)
  const args = ['-x', '-f', '-', '-C', folder, '--strip-components=1', '--no-same-owner', ...excludes, ...wanted]
  const [xz, ...xzArgs] = decompressor()
  const unpack = spawn(xz, [...xzArgs, tarball], { stdio: ['ignore', 'pipe', 'inherit'] })
  const untar = spawn('tar', args, { stdio: [unpack.stdout, 'inherit', 'inherit'] })
  const exits = await Promise.all([once(unpack, 'exit'), once(untar, 'exit')])
  const [unpacked, untarred] = exits.map(([code]: (number | null)[]) => code)
  if (unpacked !== 0 || untarred !== 0) {
    throw new Error(`cannot extract ${tarball}: ${xz} exited with ${unpacked}, tar with ${untarred}`)
  }
}

/** xz is not in every Debian installation; python3, which node-gyp needs, can do the same. */
function decompressor(): [command: string, ...args: string[]] {
  if (spawnSync('xz', ['--version']).status === 0) return ['xz', '-d', '-c']
  const script = 'import lzma, shutil, sys; shutil.copyfileobj(lzma.open(sys.argv[1]), sys.stdout.buffer, 1 << 20)'
  return ['python3', '-c', script]
}
