/** Finds locks and sockets of other processes in the kernel's tables under /proc. */

/** A file's name in /proc/locks. */
export interface NameInTable {
  /** `major:minor` in hexadecimal digits; undefined if unknown: any device then matches */
  readonly device: string | undefined
  /** decimal digits: some numbers are no safe integers in JavaScript */
  readonly ino: string
}

const hex = (digits: string): string => Number(digits).toString(16).padStart(2, '0')

/**
 * The name of an open file in /proc/locks. It is not derived from `stat`: there, btrfs and
 * overlayfs have devices, and overlayfs inode numbers, that are not those of the file system
 * itself.
 * @param fdinfo of its descriptor: with `mnt_id`, and `ino` since Linux 5.14
 * @param mountinfo of the process
 * @param ino from `stat`
 */
export function nameInTable(fdinfo: string, mountinfo: string, ino: bigint): NameInTable {
  const field = (name: string): string | undefined => new RegExp(`^${name}:\\s*(\\d+)$`, 'm').exec(fdinfo)?.[1]
  const mount = field('mnt_id')
  const numbers = mount === undefined ? null : new RegExp(`^${mount} \\d+ (\\d+):(\\d+) `, 'm').exec(mountinfo)
  const device = numbers ? `${hex(numbers[1] as string)}:${hex(numbers[2] as string)}` : undefined
  return { device, ino: field('ino') ?? String(ino) }
}

/** Whether /proc/locks has an OFD lock on a file. If its device is unknown, a lock on another file may match. */
export function hasOfdLock(text: string, { device, ino }: NameInTable): boolean {
  return new RegExp(`OFDLCK .* ${device ?? '[0-9a-f]+:[0-9a-f]+'}:${ino} `).test(text)
}

/** How often a table is read while it keeps changing. */
const READINGS = 8

/**
 * Whether a table has a line that stays in it throughout. The kernel returns the table page by
 * page: a line removed from the first page meanwhile makes the read skip one of the second. A line
 * not found is looked for again until two readings are the same.
 * @param read reads the table
 */
export async function isInTable(read: () => Promise<string>, has: (text: string) => boolean): Promise<boolean> {
  let before: string | undefined
  for (let reading = 0; reading < READINGS; reading++) {
    const text = await read()
    if (has(text)) return true
    if (text === before) return false
    before = text
  }
  return false
}
