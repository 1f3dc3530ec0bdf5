import { Opcode } from '../protocol/operations.js'
import { AlignmentOf } from '../protocol/port.js'
import { statedAlignment } from '../engine/alignment.js'
import type { DirectAlignment } from '../engine/alignment.js'
import { holding } from '../engine/open-file.js'
import type { OpenFile } from '../engine/open-file.js'
import { perform } from './control.js'
import type { ControlOptions } from './control.js'
import { NO_OPTIONS } from '../common/no-options.js'

/**
 * Alignment that a file needs for I/O with O_DIRECT: as statx(2) states it (`STATX_DIOALIGN`, Linux
 * 6.1), or else found by reads of all sizes, of the file itself or, if that is small, of a
 * temporary file beside it. The file need not be open with O_DIRECT. Reads of the file itself use
 * their own descriptor (by `/proc`): as after any close of a file, the process then has no fcntl(2)
 * locks on it; those of {@link tryLock} stay.
 *
 * @throws (rejects) `EBADF`; `EINVAL` if there is no direct I/O; `ENOSYS` if statx does not state
 * it and the backend is `pure`; argument errors
 */
export async function directAlignment(file: OpenFile, options: ControlOptions = NO_OPTIONS): Promise<DirectAlignment> {
  return holding(file, Opcode.findAlignment, async (fd) => {
    const stated = statedAlignment(fd)
    if (stated) return stated
    const find = (flags: number): Promise<number> => perform('findAlignment', fd, { flags }, options)
    return { memory: await find(AlignmentOf.memory), offset: await find(AlignmentOf.offset), by: 'trial' }
  })
}
