/** Finds problems and possible improvements, each with its remedy: a pure function of the findings. */
import { QUEUE_CAPACITY } from '../../protocol/port.js'
import type { Backends, BackendState } from './backends.js'
import type { Directory } from './directory.js'
import { isForeign, raiseLimit, remedyFor } from './remedies.js'
import type { System } from './system.js'

export interface Problem {
  /** error: something asked for is not available. warning: costs speed, or soon will. note: good to know */
  severity: 'error' | 'warning' | 'note'
  what: string
  remedy: string
}

export interface Findings extends Backends, System {
  directory: Directory
}

/** Enough room for so many more environments (main threads and workers). */
const ENOUGH_ROOM = 16

/** File systems that serve NOWAIT reads, if the kernel does. */
const LOCAL = /^(?:ext4|xfs|btrfs)$/
const NETWORK = /^(?:nfs4?|cifs|smb3|9p|ceph|glusterfs|fuse\..*|fuse|virtiofs|afs|lustre)$/

function wishProblems({ wishes, backends }: Findings): Problem[] {
  const names = backends.map(({ name }) => name).join(', ')
  return wishes.flatMap(({ by, name, known }): Problem[] => {
    const state = backends.find((backend) => backend.name === name)
    if (state?.works) return []
    const what = `${by} asks for ${name}, ${known ? `which does not work here: ${state?.reason ?? ''}` : `but the backends are ${names}`}`
    return [
      {
        severity: 'error',
        what,
        remedy: known ? `see why ${name} does not work, or ask for another` : `correct ${by}, or remove it`,
      },
    ]
  })
}

function backendProblems(findings: Findings, packageRoot: string): Problem[] {
  const asked = (name: string): boolean => findings.wishes.some((wish) => wish.name === name)
  const broken = findings.backends.filter(({ name, works, optIn }) => !works && (!optIn || asked(name)))
  const groups = new Map<string, BackendState[]>()
  for (const state of broken) groups.set(state.reason ?? '', [...(groups.get(state.reason ?? '') ?? []), state])
  return [...groups.values()].map((states) => {
    const [first] = states as [BackendState]
    const names = states.map(({ name }) => name).join(' and ')
    const verb = states.length > 1 ? 'do' : 'does'
    const foreign = isForeign(first.reason ?? '')
    return {
      severity: foreign ? 'note' : 'warning',
      what: `${names} ${verb} not work here: ${first.reason ?? ''}`,
      remedy: remedyFor(first, findings, packageRoot),
    }
  })
}

function limitProblems({ aio, backends }: Findings): Problem[] {
  const linux = backends.find(({ name }) => name === 'linux')
  if (!aio || !linux?.works) return []
  const room = Math.max(0, Math.floor((aio.most - aio.inUse) / QUEUE_CAPACITY))
  if (room >= ENOUGH_ROOM) return []
  const what = `fs.aio-nr is ${aio.inUse} of fs.aio-max-nr ${aio.most}: room for ${room} more processes or workers that use O_DIRECT`
  return [{ severity: 'warning', what: `${what}; in further ones, threads do direct I/O`, remedy: raiseLimit(aio) }]
}

const onVolume =
  'keep data on a volume or bind mount, whose own file system serves (docker run -v data:/data; a Kubernetes volume)'

/** File systems of images, many of them read-only. */
const IMAGE = /^(?:overlay|squashfs|erofs)$/

/** The kernel tells only a file's owner, and users that may write it, what is in memory. */
function overlayNote(path: string): Problem {
  const what = `${path} is on overlay, a container's own layer: reads of files that this user neither owns nor may write need a thread`
  return {
    severity: 'note',
    what,
    remedy: 'make the user their owner (COPY --chown in a Dockerfile), or keep them on a volume',
  }
}

function directoryProblems({ directory }: Findings): Problem[] {
  const { path, mount, unasked, answers } = directory
  if (unasked !== undefined) {
    if (!unasked.startsWith('no file can be made')) return []
    if (mount && IMAGE.test(mount.type)) {
      const what = `${path} is on ${mount.type}, an image: ${unasked}`
      return [{ severity: 'note', what, remedy: 'none is needed to read it; to write, name another directory' }]
    }
    return [
      { severity: 'warning', what: `${path}: ${unasked}`, remedy: 'name a directory that this user may write to' },
    ]
  }
  if (answers.write !== undefined && answers.write !== 'served') {
    return [
      {
        severity: 'warning',
        what: `${path}: a write of 256 KiB failed with ${answers.write}`,
        remedy: 'make room, or name another directory',
      },
    ]
  }
  const problems: Problem[] = []
  if (answers.resident === 'served') {
    if (mount?.type === 'overlay') problems.push(overlayNote(path))
  } else if (answers.nowaitReadCached !== undefined && answers.nowaitReadCached !== 'served') {
    const type = mount?.type ?? 'this file system'
    const what = `${path} is on ${type}, which refuses reads that must not wait (${answers.nowaitReadCached}): all reads need a thread`
    if (type === 'overlay') {
      const why =
        answers.resident === 'EPERM' ? 'the kernel does not tell what is in memory' : 'its layers may be at a server'
      problems.push({
        severity: 'warning',
        what: `${what}; it is a container's own layer, and ${why}`,
        remedy: onVolume,
      })
    } else if (type === 'fuse.fuse-overlayfs') {
      problems.push({
        severity: 'warning',
        what,
        remedy:
          "have podman use the kernel's own overlayfs (Linux 5.13; no mount_program in storage.conf), or a volume",
      })
    } else if (LOCAL.test(type)) {
      problems.push({
        severity: 'warning',
        what,
        remedy: 'allow preadv2 in the seccomp profile, or run Linux 4.14 or later',
      })
    } else if (NETWORK.test(type)) {
      problems.push({ severity: 'note', what, remedy: 'none: a network or user-space file system cannot promise it' })
    } else {
      problems.push({ severity: 'note', what, remedy: 'ext4, xfs and btrfs serve them, if data can be kept there' })
    }
  }
  if (answers.direct !== undefined && answers.direct !== 'served') {
    const what = `${path}: O_DIRECT is refused (${answers.direct})`
    problems.push({ severity: 'note', what, remedy: 'open files there without O_DIRECT' })
  }
  return problems
}

/**
 * All problems.
 * @param packageRoot where an addon could be built
 */
export function findProblems(findings: Findings, packageRoot: string): Problem[] {
  return [
    ...wishProblems(findings),
    ...backendProblems(findings, packageRoot),
    ...limitProblems(findings),
    ...directoryProblems(findings),
  ]
}
