/**
 * Pipes and sockets have no positions: ESPIPE, as from Node's positioned calls, and no data is
 * taken out of them.
 */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import { once } from 'node:events'
import t from 'tap'
import type { Test } from 'tap'
import { errorOf, makeContext, onEveryBackend, rejectionOf, temporaryDirectory } from '../../support/harness.js'

function namedPipe(t: Test): number {
  const path = join(temporaryDirectory(t), 'pipe')
  execFileSync('mkfifo', [path])
  const fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_NONBLOCK)
  t.teardown(() => fs.closeSync(fd))
  return fd
}

/**
 * Opens both ends of a connection.
 * @returns the descriptor of one end
 */
async function socket(t: Test): Promise<number> {
  const server = net.createServer((connection) => connection.unref())
  server.listen(join(temporaryDirectory(t), 'socket'))
  await once(server, 'listening')
  const client = net.connect(server.address() as string)
  await once(client, 'connect')
  t.teardown(() => {
    client.destroy()
    server.close()
  })
  return (client as unknown as { _handle: { fd: number } })._handle.fd
}

onEveryBackend(t, 'pipes and sockets', async (t, backend) => {
  const context = makeContext(t, backend)
  const pipe = namedPipe(t)
  fs.writeSync(pipe, 'in the pipe')
  for (const fd of [pipe, await socket(t)]) {
    const view = Buffer.alloc(4)
    const read = errorOf(() => fs.readSync(fd, view, 0, 4, 0))
    const write = errorOf(() => fs.writeSync(fd, view, 0, 4, 0))
    t.equal(read.code, 'ESPIPE')
    t.equal((await rejectionOf(context.read(4, fd))).message, read.message)
    t.equal((await rejectionOf(context.readv([view], fd))).message, read.message)
    t.equal((await rejectionOf(context.write(view, fd))).message, write.message)
    t.equal((await rejectionOf(context.writev([view, view], fd, 5))).message, write.message)
    t.equal((await rejectionOf(context.fsync(fd))).message, errorOf(() => fs.fsyncSync(fd)).message)
    t.equal((await rejectionOf(context.fdsync(fd))).message, errorOf(() => fs.fdatasyncSync(fd)).message)
  }
  const left = Buffer.alloc(100)
  t.equal(String(left.subarray(0, fs.readSync(pipe, left))), 'in the pipe')
})

onEveryBackend(t, 'devices and files of /proc', async (t, backend) => {
  const context = makeContext(t, backend)
  const opened = (path: string): number => {
    const fd = fs.openSync(path, 'r')
    t.teardown(() => fs.closeSync(fd))
    return fd
  }
  t.same(await context.read(100_000, opened('/dev/zero')), Buffer.alloc(100_000))
  t.equal((await context.read(100, opened('/dev/null'))).length, 0)
  t.equal(new Set(await context.read(4096, opened('/dev/urandom'))).size > 100, true)
  // Their size is 0, whatever their content.
  const version = fs.readFileSync('/proc/version', 'utf8')
  t.equal(String(await context.read(4096, opened('/proc/version'))), version)
  t.equal(String(await context.read(5, opened('/proc/version'), 6)), version.slice(6, 11))
})
