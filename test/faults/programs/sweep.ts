/**
 * Makes each system call of a workload fail at its n-th use, in each possible way, for every n;
 * then several at once, at random. Run with the fault library interposed. Arguments: a directory,
 * how contexts are reaped (or 'kernel' for the kernel's own), the number of random plans, a seed.
 * Prints a report as JSON.
 */
import { defaultContext } from 'caio'
import type { BackendName } from 'caio'
import { makeKnown } from '../known.js'
import { Plan, fails, shorts } from '../plan.js'
import type { Call, Fault, Rule } from '../plan.js'
import { judge } from './judge.js'
import { Workload } from './workload.js'

export interface Report {
  backend: string
  /** plans run, and those of them whose faults happened */
  states: number
  reached: number
  operations: number
  /** operations that failed as planned */
  failed: number
  injected: Partial<Record<Call, number>>
  /** violations */
  faults: string[]
}

/** milliseconds for one run of the workload; the longest planned delay takes a twentieth */
const HANGS_AFTER = 20_000
const MOST_FAULTS = 20

const [directory = '', reaping = 'kernel', randomPlans = '0', seed = '1'] = process.argv.slice(2)
const plan = new Plan(process.env['CAIO_FAULTS'] as string)
if (reaping === 'ring' || reaping === 'io_getevents') plan.emulate(reaping)

const late: Fault = { action: 'late', argument: 2000 }
const nowait = [
  ...fails('EAGAIN', 'EOPNOTSUPP', 'EIO', 'EINTR', 'EINVAL', 'ENOSYS', 'EPERM'),
  ...shorts(0, 1, 512, 4095),
]
const writing = [...fails('EINTR', 'EIO', 'ENOSPC'), ...shorts(0, 1, 4095), late]
const reading = [...fails('EINTR', 'EIO'), ...shorts(1, 4095), late]
const syncing = [...fails('EIO', 'ENOSPC', 'EDQUOT'), late]

/** The ways in which each call can fail. libuv passes on EINTR of a read, so it is not for `pure`. */
const ways: Partial<Record<Call, Fault[]>> = {
  io_submit: [...fails('EAGAIN', 'EINVAL', 'ENOMEM', 'ENOSYS', 'EPERM', 'EBADF'), ...shorts(0, 1, 2, 3), late],
  io_uring_enter: [
    ...fails('EAGAIN', 'EINVAL', 'ENOMEM', 'ENOSYS', 'EPERM', 'EBADF', 'EBUSY', 'EINTR'),
    ...shorts(0, 1, 2, 3),
    late,
  ],
  iocb: fails('EINVAL', 'EAGAIN', 'EOPNOTSUPP', 'EBADF'),
  event: [
    ...fails('EAGAIN', 'EOPNOTSUPP', 'EIO', 'ENOSPC', 'EINTR', 'EINVAL', 'EPERM', 'ECANCELED'),
    ...shorts(0, 512, 4096),
    late,
    { action: 'lateWake', argument: 2000 },
    { action: 'spurious' },
  ],
  io_getevents: [...fails('EINTR'), late],
  preadv2: nowait,
  pwritev2: nowait,
  pread: reading,
  preadv: reading,
  pwrite: writing,
  pwritev: writing,
  fsync: syncing,
  fdatasync: syncing,
  ftruncate: fails('EIO', 'EINTR'),
  open: fails('EMFILE', 'EACCES', 'EINTR', 'EIO'),
  openat2: fails('EAGAIN', 'ENOSYS', 'EPERM', 'EINVAL'),
  stat: fails('EIO', 'EACCES'),
  fstat: fails('EIO', 'ENOMEM'),
  fcntl: fails('EINVAL'),
  signal: [...fails('EINTR'), late, { action: 'spurious' }],
  clear: fails('EINTR', 'EAGAIN'),
  malloc: [{ action: 'fail' }],
}

const { backend } = defaultContext()
const hasKernel = backend === 'linux' || backend === 'uring'
const workload = new Workload(directory)
const report: Report = { backend, states: 0, reached: 0, operations: 0, failed: 0, injected: {}, faults: [] }

async function visit(rules: readonly Rule[]): Promise<Partial<Record<Call, number>>> {
  const timer = setTimeout(() => {
    report.faults.push(`hangs with ${JSON.stringify(rules)} and ${JSON.stringify(plan.uses)}`)
    console.log(JSON.stringify(report))
    process.exit(0)
  }, HANGS_AFTER)
  if (hasKernel) await makeKnown(plan, backend as BackendName, directory)
  const { outcomes, faults } = await workload.run(
    (fd) => {
      if (backend === 'pure') plan.watch(fd)
      plan.arm(rules)
    },
    () => plan.disarm(),
  )
  clearTimeout(timer)
  const { uses, injected } = plan
  report.states++
  if (Object.keys(injected).length > 0) report.reached++
  for (const [call, count] of Object.entries(injected) as [Call, number][]) {
    report.injected[call] = (report.injected[call] ?? 0) + count
  }
  report.operations += outcomes.length
  report.failed += outcomes.filter(({ result }) => typeof result === 'string').length
  for (const fault of [...faults, ...judge(outcomes, rules, injected)]) {
    if (report.faults.length < MOST_FAULTS) report.faults.push(`${fault} with ${JSON.stringify(rules)}`)
  }
  return uses
}

/** The most uses of each call in several runs: the division between loop and pool varies. */
async function undisturbed(): Promise<Partial<Record<Call, number>>> {
  const most: Partial<Record<Call, number>> = {}
  for (let i = 0; i < 10; i++) {
    for (const [call, count] of Object.entries(await visit([])) as [Call, number][]) {
      most[call] = Math.max(most[call] ?? 0, count)
    }
  }
  return most
}

function waysOf(call: Call): Fault[] {
  const all = ways[call] ?? []
  return backend === 'pure' && call.startsWith('pread') ? all.filter(({ argument }) => argument !== 'EINTR') : all
}

const uses = await undisturbed()
const used = (Object.keys(uses) as Call[]).filter((call) => ways[call])
for (const call of used) {
  for (let first = 1; first <= (uses[call] as number); first++) {
    for (const way of waysOf(call)) await visit([{ call, first, ...way }])
  }
  // And always, from some use on. EINTR for ever would be a different matter.
  for (const way of waysOf(call)) if (way.argument !== 'EINTR') await visit([{ call, first: 2, count: 1000, ...way }])
}

/** mulberry32 */
let state = Number(seed)
function random(below: number): number {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below)
}

for (let i = 0; i < Number(randomPlans); i++) {
  const rules = Array.from({ length: 2 + random(5) }, (): Rule => {
    const call = used[random(used.length)] as Call
    const choice = waysOf(call)
    const way = choice[random(choice.length)] as Fault
    return {
      call,
      first: 1 + random(uses[call] as number),
      count: way.argument === 'EINTR' ? 1 : 1 + random(3),
      ...way,
    }
  })
  await visit(rules)
}
await visit([])
console.log(JSON.stringify(report))
