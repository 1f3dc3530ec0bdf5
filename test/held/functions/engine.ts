/** The methods of a Context. */
import { Context, Operation } from 'caio'
import { block, direct, twice } from './described.js'
import type { Described } from './described.js'
import type { Room } from './room.js'

function ofContext(
  name: string,
  call: (context: Context, fd: number, room: Room) => unknown,
  flags: string | number = 'r+',
): Described {
  return {
    name: `context.${name}`,
    prepare(room) {
      const fd = room.descriptor(flags)
      return twice(() => call(room.context, fd, room))
    },
  }
}

export const contexts: Described[] = [
  ofContext('batch', (context, fd) =>
    context.batch([Operation.read(4096, fd), Operation.write('x', fd, 8192), Operation.fsync(fd)]),
  ),
  ofContext('cancel', (context, fd) => {
    const operation = Operation.read(4096, fd)
    const submitted = context.submit(operation).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECANCELED') throw error
    })
    setImmediate(() => context.cancel(operation))
    return submitted
  }),
  {
    name: 'context.close',
    prepare: (room) => {
      const context = new Context({ backend: room.context.backend as 'linux' })
      const fd = room.descriptor()
      return [
        async () => {
          void context.read(4096, fd)
          void context.write('x', fd)
          await context.close()
        },
      ]
    },
  },
  ofContext('fdsync', (context, fd) => context.fdsync(fd)),
  ofContext('fsync', (context, fd) => context.fsync(fd)),
  ofContext('read', (context, fd) => context.read(4096, fd)),
  ofContext('read, direct', (context, fd) => context.read(block(), fd), direct),
  ofContext('readFully', (context, fd) => context.readFully(65536, fd)),
  ofContext('readvFully', (context, fd) => context.readvFully([block(), block()], fd)),
  ofContext('writevFully', (context, fd) => context.writevFully([block(), block()], fd)),
  ofContext('readv', (context, fd) => context.readv([block(), block()], fd)),
  ofContext('stats', (context, fd) => {
    const read = context.read(100, fd)
    context.stats()
    return read
  }),
  ofContext('submit', (context, fd) =>
    context.submit(Operation.write('x', fd), Operation.readv([block()], fd), Operation.fdsync(fd)),
  ),
  ofContext('write', (context, fd) => context.write('content', fd)),
  ofContext('write, direct', (context, fd) => context.write(block(), fd), direct),
  ofContext('write, durable', (context, fd) => context.write('content', fd, 0, { dsync: true })),
  ofContext('writeFully', (context, fd) => context.writeFully('content', fd)),
  ofContext('writev', (context, fd) => context.writev([block(), block()], fd)),
  ofContext('writev, durable', (context, fd) => context.writev([block(), block()], fd, 0, { dsync: true })),
]
