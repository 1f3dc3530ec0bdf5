/** Parses /proc/self/mountinfo, see proc(5). */

export interface Mount {
  point: string
  type: string
  /** device or other source */
  source: string
  options: string
}

const unescape = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)))

/** The mount of a path: the last of those with the longest mount point, since later mounts cover earlier ones. */
export function findMount(mountinfo: string, path: string): Mount | undefined {
  let found: Mount | undefined
  for (const line of mountinfo.split('\n')) {
    // 36 35 98:0 /root /point rw,noatime master:1 - ext3 /dev/root rw,errors=continue
    const [before, after] = line.split(' - ')
    const point = unescape(before?.split(' ')[4] ?? '')
    const [type, source, superOptions] = after?.split(' ') ?? []
    if (!point || !type || source === undefined) continue
    const inside = path === point || path.startsWith(point.endsWith('/') ? point : `${point}/`)
    if (!inside || point.length < (found?.point.length ?? 0)) continue
    const options = new Set(
      [...(before?.split(' ')[5] ?? '').split(','), ...(superOptions ?? '').split(',')].filter(Boolean),
    )
    found = { point, type, source: unescape(source), options: [...options].join(',') }
  }
  return found
}
