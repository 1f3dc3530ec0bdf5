/**
 * fs.aio-max-nr exhausted by real contexts of another process. The limit is machine-wide, so
 * nothing else may run meanwhile: `npm run test:faults` runs this last, and alone.
 */
// @alone
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import t from 'tap'
import { runProgram, temporaryDirectory } from '../../support/harness.js'
import type { Service } from '../programs/serve.js'

t.setTimeout(120_000)

/** Takes all available contexts, in ever smaller numbers; releases them when it ends. */
const hog = `
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
size = 4096
while size > 0:
    context = ctypes.c_ulong(0)
    if libc.syscall(206, ctypes.c_long(size), ctypes.byref(context)) != 0:
        size //= 2
print('all taken', flush=True)
sys.stdin.read()
`

const skip = process.platform !== 'linux' || process.arch !== 'x64' ? 'by system call number, for Linux on x64' : false

t.test('no context is left', { skip }, async (t) => {
  const child = spawn('python3', ['-c', hog], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  t.equal(fs.readFileSync('/proc/sys/fs/aio-nr', 'utf8'), fs.readFileSync('/proc/sys/fs/aio-max-nr', 'utf8'))
  const program = new URL('../programs/serve.js', import.meta.url)
  const serve = async (asked = ''): Promise<Service> => {
    const { code, stdout, stderr } = await runProgram(program, [temporaryDirectory(t), asked], {
      env: { CAIO_IMPL: '', CAIO_TEST_DIRECT: 'yes' },
    })
    t.equal(code, 0, stderr)
    return JSON.parse(stdout) as Service
  }
  const advice =
    /direct I.O is done by threads: EAGAIN.*fs\.aio-max-nr is used up; set \/proc\/sys\/fs\/aio-max-nr to at least \/proc\/sys\/fs\/aio-nr plus 512/
  const { backend, failures, faults, warnings } = await serve()
  t.equal(backend, 'linux')
  t.same([...failures, ...faults], [])
  t.equal(warnings.length, 1, 'said once')
  t.match(warnings[0], { code: 'CAIO_FALLBACK', message: advice })
  child.stdin.end()
  await once(child, 'exit')
  t.same((await serve()).warnings, [], 'and when there are some again, they are used')
})
