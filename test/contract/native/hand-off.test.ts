/** The hand-off: when it is used, when it is not, and that it delays no other work. */
// @alone
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { onEveryBackend, runProgram, temporaryDirectory } from '../../support/harness.js'
import type { Test } from 'tap'

const program = new URL('../programs/hand-off.js', import.meta.url)
const doctor = fileURLToPath(new URL('../../../lib/cli/main.js', import.meta.url))

interface Told {
  handOff: number
  /** of the last calls */
  last: number
  ways: Record<string, number>
  /** fraction of the time for which threads have waited for a processor */
  queued: number
}

/** On an otherwise idle machine it is less. */
const BUSY = 0.02

async function tell(t: Test, backend: string, count: number, env: Record<string, string> = {}): Promise<Told> {
  const path = join(temporaryDirectory(t), 'file')
  const { code, stdout, stderr } = await runProgram(program, [path, backend, String(count)], {
    env: { CAIO_IMPL: backend, ...env },
    timeout: 120_000,
  })
  t.equal(code, 0, stderr)
  return JSON.parse(stdout) as Told
}

/** Directory on tmpfs, where none tells how large it is. */
function memoryDirectory(t: Test): string {
  const directory = fs.mkdtempSync('/dev/shm/caio-test-')
  t.teardown(() => fs.rmSync(directory, { recursive: true }))
  return directory
}

/** Of a hundred calls: one that is given up each time does not come near. */
const MOST = 51

/** As {@link tell}, within a command whose settings its processes inherit. */
async function tellWithin(
  t: Test,
  under: readonly string[],
  backend: string,
  call = 'chmod',
  count = 0,
): Promise<Told> {
  const path = join(call === 'readdir' ? memoryDirectory(t) : temporaryDirectory(t), 'file')
  const options = { under, env: { CAIO_IMPL: backend }, timeout: 120_000 }
  const { code, stdout, stderr } = await runProgram(
    program,
    [path, backend, String(count), call, String(MOST)],
    options,
  )
  t.equal(code, 0, stderr)
  return JSON.parse(stdout) as Told
}

const few = availableParallelism() < 2 && 'there is one processor'

/** Under the sanitizers a call takes longer than a hand-off waits, and other tests run beside this one. */
const slow = process.env['CAIO_TEST_MEMORY_CHECKED'] === 'yes'

/** Asserts that so many calls were handed off. While threads wait for processors, none is, by design. */
function handsOff(t: Test, handOff: number, queued: number, least = 1): void {
  const busy = queued > BUSY && `threads have waited for ${(queued * 100).toFixed(0)} % of the time`
  if (handOff < least && busy) t.pass(busy, { skip: busy })
  else if (!slow) t.ok(handOff >= least, `${handOff} by the hand-off`)
}

onEveryBackend(t, 'calls one after the other', async (t, backend) => {
  if (backend === 'pure') {
    const { handOff, ways } = await tell(t, backend, 100)
    t.equal(handOff, 0, 'no threads of its own')
    t.ok((ways['node'] as number) >= 100, 'Node has served all')
    return
  }
  if (few !== false) return void t.pass(few, { skip: few })
  const { handOff, ways, queued } = await tell(t, backend, slow ? 500 : 0)
  handsOff(t, handOff, queued)
  t.equal(ways['handOff'] ?? 0, handOff)
})

onEveryBackend(t, 'turned off', async (t, backend) => {
  const { handOff } = await tell(t, backend, 500, { CAIO_HAND_OFF: '0' })
  t.equal(handOff, 0)
})

const taskset = spawnSync('taskset', ['--version']).status === 0 ? false : 'taskset is not installed'

onEveryBackend(t, 'on one processor', async (t, backend) => {
  if (taskset !== false) return void t.pass(taskset, { skip: taskset })
  const within = ['taskset', '1']
  const { handOff, last, queued } = await tellWithin(t, within, backend, 'chmod', backend === 'pure' ? 500 : 0)
  if (backend === 'pure') t.equal(handOff, 0)
  else handsOff(t, last, queued, MOST)
})

/** A control group with the time of one processor, in either hierarchy; undefined if none can be made. */
function makeGroup(t: Test): string | undefined {
  const name = `caio-test-${process.pid}`
  for (const [root, file, quota] of [
    ['/sys/fs/cgroup', 'cpu.max', '100000 100000'],
    ['/sys/fs/cgroup/cpu', 'cpu.cfs_quota_us', '100000'],
  ] as const) {
    const group = join(root, name)
    try {
      fs.mkdirSync(group)
      t.teardown(() => fs.rmdirSync(group))
      // The kernel makes the file if it is a control group.
      fs.writeFileSync(join(group, file), quota, { flag: 'r+' })
      return group
    } catch {
      // another hierarchy, or no permission
    }
  }
  return undefined
}

t.test('with the time of one processor', async (t) => {
  const group = makeGroup(t)
  if (group === undefined) return void t.pass('none can be made here', { skip: 'none can be made here' })
  const within = ['sh', '-c', `echo $$ > ${group}/cgroup.procs && exec "$@"`, 'sh']
  for (const call of ['chmod', 'readdir']) {
    const { last, queued } = await tellWithin(t, within, 'thread', call)
    handsOff(t, last, queued, MOST)
  }
  const [first = '', ...rest] = [...within, process.execPath, doctor, 'doctor', '--json', temporaryDirectory(t)]
  const { stdout } = spawnSync(first, rest, { encoding: 'utf8' })
  t.match((JSON.parse(stdout) as { handOff: unknown }).handOff, { on: true, awake: false, quota: 1 })
})
