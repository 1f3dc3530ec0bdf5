/** The toolkit: the exports of `caio` besides the engine. */
import {
  Context,
  LogReader,
  LogWriter,
  PageFile,
  advise,
  allocate,
  copyFileRange,
  directAlignment,
  lock,
  punchHole,
  seekData,
  seekHole,
  syncRange,
  tryLock,
  unlock,
  writeFileAtomic,
  zeroRange,
} from 'caio'
import { block, direct, ofPath, twice, unsupported } from './described.js'
import type { Described } from './described.js'
import type { Room } from './room.js'

function ofCaio(name: string, call: (fd: number, room: Room) => unknown, flags: string | number = 'r+'): Described {
  return {
    name: `caio.${name}`,
    refused: unsupported,
    prepare(room) {
      const fd = room.descriptor(flags)
      return twice(() => call(fd, room))
    },
  }
}

export const toolkit: Described[] = [
  {
    name: 'caio.Context',
    prepare: (room) => [() => new Context({ backend: room.context.backend as 'linux' }).close()],
  },
  ofCaio('advise', (fd) => advise(fd, 'willneed')),
  ofCaio('advise, dontneed', (fd) => advise(fd, 'dontneed')),
  ofCaio('allocate', (fd) => allocate(fd, 0, 100_000)),
  {
    name: 'caio.copyFileRange',
    refused: unsupported,
    prepare(room) {
      const from = room.descriptor()
      const to = room.descriptor()
      return twice(() => copyFileRange(from, 0, to, 0, 65536))
    },
  },
  { ...ofCaio('directAlignment', (fd) => directAlignment(fd), direct), refused: unsupported },
  { ...ofCaio('directAlignment, of a file opened without', (fd) => directAlignment(fd)), refused: unsupported },
  ofCaio('lock', (fd) => lock(fd)),
  ofCaio('punchHole', (fd) => punchHole(fd, 0, 8192)),
  ofCaio('seekData', (fd) => seekData(fd, 0)),
  ofCaio('seekHole', (fd) => seekHole(fd, 0)),
  ofCaio('syncRange', (fd) => syncRange(fd)),
  ofCaio('tryLock', (fd) => tryLock(fd, { length: 10 })),
  ofCaio('unlock', (fd) => unlock(fd)),
  ofCaio('zeroRange', (fd) => zeroRange(fd, 0, 8192)),
  ofPath('caio.writeFileAtomic', (path) => writeFileAtomic(path, 'content')),
  {
    name: 'caio.LogWriter.open',
    prepare: (room) =>
      twice(async () => {
        const log = await LogWriter.open(room.path('log'))
        room.defer(() => log.close())
      }),
  },
  {
    name: 'caio.LogWriter.append',
    async prepare(room) {
      const log = await openLog(room)
      return twice(() => {
        log.append('record')
        log.append(Buffer.alloc(1_100_000))
        return log.commit()
      })
    },
  },
  {
    name: 'caio.LogWriter.commit',
    async prepare(room) {
      const log = await openLog(room)
      return twice(() => {
        log.append('record')
        return log.commit()
      })
    },
  },
  {
    name: 'caio.LogWriter.appendv',
    async prepare(room) {
      const log = await openLog(room)
      return twice(() => {
        log.appendv([block(), block()])
        return log.flush()
      })
    },
  },
  {
    name: 'caio.LogWriter.flush',
    async prepare(room) {
      const log = await openLog(room)
      return twice(() => {
        log.append('record')
        return log.flush()
      })
    },
  },
  {
    name: 'caio.LogWriter.close',
    async prepare(room) {
      const log = await openLog(room)
      log.append('record')
      return [() => log.close()]
    },
  },
  {
    name: 'caio.LogReader',
    async prepare(room) {
      const log = await openLog(room)
      log.append('record')
      await log.close()
      return twice(async () => {
        for await (const record of new LogReader(room.path('log'))) void record
      })
    },
  },
  {
    name: 'caio.PageFile.open',
    prepare: (room) =>
      twice(async () => {
        const file = await PageFile.open(room.path('pages'))
        room.defer(() => file.close())
      }),
  },
  ofPages('page', (file) => file.page(0).then((page) => page.release())),
  ofPages('page, of several', async (file) => {
    const pages = await Promise.all([1, 2, 3, 1, 2].map((number) => file.page(number)))
    for (const page of pages) page.release()
  }),
  ofPages('scan', async (file) => {
    for await (const page of file.scan(0)) void page
  }),
  ofPages('write', (file) => file.write(0, Buffer.alloc(file.contentSize))),
  ofPages('write, of several', (file) => file.write(1, Buffer.alloc(3 * file.contentSize))),
  ofPages('sync', (file) => file.sync()),
  {
    name: 'caio.PageFile.close',
    async prepare(room) {
      const file = await openPages(room)
      const writing = file.write(0, Buffer.alloc(file.contentSize))
      return [() => Promise.all([writing, file.close()])]
    },
  },
]

/** A file of eight pages, none of which is in the cache. */
async function openPages(room: Room): Promise<PageFile> {
  const file = await PageFile.open(room.path('pages'))
  room.defer(() => file.close())
  await file.write(0, Buffer.alloc(8 * file.contentSize))
  return file
}

function ofPages(name: string, call: (file: PageFile) => Promise<unknown>): Described {
  return {
    name: `caio.PageFile.${name}`,
    async prepare(room) {
      const file = await openPages(room)
      return twice(() => call(file))
    },
  }
}

async function openLog(room: Room): Promise<LogWriter> {
  const log = await LogWriter.open(room.path('log'))
  room.defer(() => log.close())
  return log
}
