import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseReports } from './engine-report.js'
import { type Backend, cleanEnvironment, preloaded, type Setting } from './run-test.js'

/**
 * The version of a Node binary, without the v, and its full path: tests start in another directory
 * than the user's.
 */
export function inspectNode(node: string): { version: string; path: string } {
  const { status, stdout, error } = spawnSync(node, ['-p', 'process.versions.node + " " + process.execPath'], {
    encoding: 'utf8',
    env: cleanEnvironment(process.env),
  })
  if (status !== 0) throw new Error(`${node} is no Node that runs: ${error?.message ?? `exit code ${status}`}`)
  const [version = '', ...path] = stdout.trim().split(' ')
  return { version, path: path.join(' ') }
}

// One positioned read of an existing byte, through the shim.
const READ_A_BYTE = `require('fs').promises.open(process.argv[1]).then(async (handle) => {
  await handle.read(Buffer.alloc(1), 0, 1, 0)
  await handle.close()
})`

/**
 * Why running the tests on a backend is pointless: the preload cannot be loaded, or another backend
 * serves, or none. One sentence instead of a hundred failing tests; undefined if all is well.
 */
export function backendTrouble({ node, preload, scratch }: Setting, backend: Backend): string | undefined {
  if (!existsSync(preload)) return `${preload} is not there: npm run compile makes it`
  const file = join(scratch, `preflight-${backend}`)
  const env = { ...cleanEnvironment(process.env), ...preloaded(preload, backend, file) }
  const args = ['-e', READ_A_BYTE, preload]
  const { status, stdout, stderr } = spawnSync(node, args, { encoding: 'utf8', env })
  if (status !== 0) return `a program with the preload fails:\n${stderr.trim()}`
  const report = existsSync(file) ? parseReports(readFileSync(file, 'utf8'))[0] : undefined
  if (report === undefined) return `a read from a file does not reach the engine\n${stderr}`.trim()
  if (report.backend !== backend) return `not available here, ${report.backend} answers\n${stderr}`.trim()
  if (stdout + stderr !== '') {
    return `the preload prints, which tests would take for their own output:\n${stdout}${stderr}`.trimEnd()
  }
  return undefined
}
