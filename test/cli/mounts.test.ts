import t from 'tap'
import { findMount } from '../../lib/cli/mounts.js'

const mountinfo = `21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
22 21 0:21 / /dev/shm rw - tmpfs tmpfs rw,size=24684084k
23 21 8:1 / /mnt/my\\040disk rw,noatime master:1 - xfs /dev/sda1 rw
24 21 8:2 / /mnt rw - btrfs /dev/sdb rw
25 24 8:3 / /mnt rw - ext4 /dev/sdc rw
`

void t.test('the mount that a path is on', async (t) => {
  const cases: [string, string][] = [
    ['/', '/dev/vda'],
    ['/home/me', '/dev/vda'],
    ['/dev/shm', 'tmpfs'],
    ['/dev/shmoo', '/dev/vda'],
    ['/mnt/my disk/data', '/dev/sda1'],
    ['/mnt/other', '/dev/sdc'],
  ]
  for (const [path, source] of cases) t.equal(findMount(mountinfo, path)?.source, source, path)
  t.match(findMount(mountinfo, '/'), { point: '/', type: 'ext4', options: 'rw,relatime,discard' })
  t.equal(findMount('', '/'), undefined)
})
