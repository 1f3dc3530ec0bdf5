/** What the kernel tells of the locks and sockets of others, in /proc, and which line of it is about a file. */

/** A file, as /proc/locks calls it. */
export interface NameInTable {
  /** `major:minor` in hexadecimal digits; undefined where it is not known: any will do then */
  readonly device: string | undefined
  /** decimal digits: there are numbers that are no integer of JavaScript */
  readonly ino: string
}

const hex = (digits: string): string => Number(digits).toString(16).padStart(2, '0')

/**
 * The name of an open file in /proc/locks. It is not made of what `stat` says: btrfs and overlayfs have devices there, and overlayfs
 * numbers, that are not those of the file system itself.
 * @param fdinfo of its descriptor: with `mnt_id`, and `ino` since Linux 5.14
 * @param mountinfo of the process
 * @param ino as `stat` says it
 */
export function nameInTable(fdinfo: string, mountinfo: string, ino: bigint): NameInTable {
  const field = (name: string): string | undefined => new RegExp(`^${name}:\\s*(\\d+)$`, 'm').exec(fdinfo)?.[1]
  const mount = field('mnt_id')
  const numbers = mount === undefined ? null : new RegExp(`^${mount} \\d+ (\\d+):(\\d+) `, 'm').exec(mountinfo)
  const device = numbers ? `${hex(numbers[1] as string)}:${hex(numbers[2] as string)}` : undefined
  return { device, ino: field('ino') ?? String(ino) }
}

/** Whether /proc/locks has an OFD lock on a file. One of another file is taken for it where its device is not known. */
export function hasOfdLock(text: string, { device, ino }: NameInTable): boolean {
  return new RegExp(`OFDLCK .* ${device ?? '[0-9a-f]+:[0-9a-f]+'}:${ino} `).test(text)
}

/** How often a table is read that is another each time. */
const READINGS = 8

/**
 * Whether a table has a line that stays in it throughout. The kernel gives it out by the page: a line removed from the first page
 * meanwhile makes the read skip one of the second. What is not found is looked for again until two readings are the same.
 * @param read the table
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
