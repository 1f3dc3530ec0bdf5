/** Situations that may hold an operation back, each on its own file system, with their start and end. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { Helper, whyNoAutomount, whyNoFuse, whyNoHelpers } from './helper.js'
import type { Held } from './helper.js'

/**
 * Milliseconds after which a hold ends by itself: nothing else ends it if the event loop is
 * blocked, too. Longer than a host may stop the machine, of which the kernel may know nothing.
 */
export const HOLD = 1000
/** How often an operation of one kind is held in one call: large writes come in hundreds. */
const TIMES = 3
/** Milliseconds for which the event loop must have run before a hold is ended. */
export const TURNING = 20

export interface Situation {
  /** directory of its files */
  readonly directory: string
  /** a directory on the local disk */
  readonly local: string
  /** number of operations held back since it began */
  readonly held: number
  /** requests that the JavaScript thread made and waited for, if known */
  readonly asked: readonly string[]
  /**
   * Holds everything it can from here on.
   * @param file the first that is used
   * @returns whether it can hold operations on it
   */
  begin(file: string | undefined): Promise<boolean>
  /** Called at each turn of the event loop. */
  turn(now: number): void
  /** Releases everything. */
  end(): Promise<void>
  /** For a situation that starts when the program has already used its files. */
  arrive?(): Promise<void>
  /** Removes everything. */
  remove(): Promise<void>
}

/**
 * A situation whose helper reports each operation: one after another continues when the loop has
 * run for a while.
 */
abstract class Told implements Situation {
  held = 0
  asked: string[] = []
  readonly local: string
  readonly #waiting: { held: Held; since: number }[] = []

  constructor(
    protected readonly helper: Helper,
    readonly directory: string,
  ) {
    this.local = helper.home
    helper.onHeld = (held) => {
      this.held++
      if (held.thread === process.pid) this.asked.push(`${held.operation} ${held.name}`)
      this.#waiting.push({ held, since: performance.now() })
    }
    helper.onAsked = (what) => this.asked.push(what)
  }

  async begin(_file: string | undefined): Promise<boolean> {
    this.held = 0
    this.asked = []
    this.#waiting.length = 0
    return true
  }

  turn(now: number): void {
    for (let first; (first = this.#waiting[0]) && now - first.since >= TURNING; this.#waiting.shift()) {
      void this.helper.free(first.held)
    }
  }

  abstract end(): Promise<void>

  remove(): Promise<void> {
    return this.helper.end()
  }
}

/** Requests to a FUSE file system. */
class Fuse extends Told {
  /** @param settings commands for it */
  static async make(programs: string, settings: readonly string[]): Promise<Fuse> {
    const helper = new Helper('held_fs', programs)
    const fuse = new Fuse(helper, makePoint(helper))
    await helper.tell(`mount ${fuse.directory}`)
    for (const setting of settings) await helper.tell(setting)
    return fuse
  }

  override async begin(file: string | undefined): Promise<boolean> {
    await super.begin(file)
    await this.helper.tell(`watch ${process.pid}`)
    await this.helper.tell(`hold ${HOLD} ${TIMES} all`)
    return true
  }

  async end(): Promise<void> {
    await this.helper.tell('pass')
    await this.helper.tell('watch 0')
  }
}

export function makePoint({ home }: Helper): string {
  const point = join(home, 'mounted')
  fs.mkdirSync(point)
  return point
}

type Kind = 'ext4' | 'xfs'

/** A file system in an image of its own. */
export async function mountImage(kind: Kind, programs: string): Promise<{ helper: Helper; directory: string }> {
  const helper = new Helper('mounted', programs)
  const image = join(helper.home, 'image')
  fs.writeFileSync(image, '')
  fs.truncateSync(image, 320 * 2 ** 20)
  execFileSync(`mkfs.${kind}`, kind === 'ext4' ? ['-q', '-F', '-m', '0', image] : ['-q', '-f', image])
  const directory = makePoint(helper)
  await helper.tell(`mount ${image} ${directory}`)
  return { helper, directory }
}

/** Everything that changes a frozen file system. */
class Frozen implements Situation {
  held = 0
  readonly asked: string[] = []
  readonly local: string
  #since: number | undefined

  private constructor(
    readonly helper: Helper,
    readonly directory: string,
  ) {
    this.local = helper.home
  }

  static async make(kind: Kind, programs: string): Promise<Frozen> {
    const { helper, directory } = await mountImage(kind, programs)
    return new Frozen(helper, directory)
  }

  async begin(): Promise<boolean> {
    this.held = 0
    await this.helper.tell(`freeze ${HOLD}`)
    this.#since = performance.now()
    return true
  }

  turn(now: number): void {
    if (this.#since === undefined || now - this.#since < TURNING) return
    this.#since = undefined
    this.held++
    void this.helper.tell('thaw')
  }

  end(): Promise<void> {
    this.#since = undefined
    return this.helper.tell('thaw')
  }

  remove(): Promise<void> {
    return this.helper.end()
  }
}

/** Opens and reads of files that a scanner checks first. */
class Scanned extends Told {
  arrive?: () => Promise<void>

  private constructor(
    helper: Helper,
    directory: string,
    readonly mounted: Helper,
  ) {
    super(helper, directory)
  }

  /** @param late whether the scanner starts when the program has used its files */
  static async make(late: boolean, programs: string): Promise<Scanned> {
    const mounted = await mountImage('ext4', programs)
    const scanned = new Scanned(new Helper('scanned', programs), mounted.directory, mounted.helper)
    if (late) scanned.arrive = () => scanned.#mark()
    else await scanned.#mark()
    return scanned
  }

  #mark(): Promise<void> {
    return this.helper.tell(`mark ${this.directory}`)
  }

  override async begin(file: string | undefined): Promise<boolean> {
    await super.begin(file)
    await this.helper.tell(`hold ${HOLD} ${2 * TIMES}`)
    return true
  }

  end(): Promise<void> {
    return this.helper.tell('pass')
  }

  override async remove(): Promise<void> {
    await super.remove()
    await this.mounted.end()
  }
}

/** Opening a file on which another process has a lease. */
class Leased extends Told {
  private constructor(
    helper: Helper,
    directory: string,
    readonly kind: 'read' | 'write',
  ) {
    super(helper, directory)
  }

  static async make(kind: 'read' | 'write', programs: string): Promise<Leased> {
    const helper = new Helper('leased', programs)
    const leased = new Leased(helper, makePoint(helper), kind)
    await helper.tell(`hold ${HOLD}`)
    return leased
  }

  override async begin(file: string | undefined): Promise<boolean> {
    await super.begin(file)
    // Refused if the file is open, as by a handle.
    return (
      file !== undefined &&
      this.helper.tell(`lease ${this.kind} ${file}`).then(
        () => true,
        () => false,
      )
    )
  }

  end(): Promise<void> {
    return this.helper.tell('pass')
  }
}

/** Paths through a point where something is mounted only on access. */
class Automounted extends Told {
  static async make(programs: string): Promise<Automounted> {
    const helper = new Helper('automounted', programs)
    const automounted = new Automounted(helper, makePoint(helper))
    const directory = join(helper.home, 'directory')
    fs.mkdirSync(directory)
    await helper.tell(`mount ${automounted.directory} ${directory}`)
    return automounted
  }

  override async begin(file: string | undefined): Promise<boolean> {
    await super.begin(file)
    await this.helper.tell('expire')
    await this.helper.tell(`hold ${HOLD} ${TIMES}`)
    return true
  }

  end(): Promise<void> {
    return this.helper.tell('pass')
  }
}

interface Choice {
  make(programs: string): Promise<Situation>
  /** Why it is not available here, or undefined. */
  whyNot(): string | undefined
}

export function whyNoImage(kind: Kind): string | undefined {
  const places = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin']
  if (!places.some((place) => fs.existsSync(join(place, `mkfs.${kind}`)))) return `there is no mkfs.${kind}`
  if (!fs.existsSync('/dev/loop-control')) return 'there are no loop devices'
  return whyNoHelpers()
}

const fuse = (...settings: string[]): Choice => ({
  make: (programs) => Fuse.make(programs, settings),
  whyNot: whyNoFuse,
})
const frozen = (kind: Kind): Choice => ({
  make: (programs) => Frozen.make(kind, programs),
  whyNot: () => whyNoImage(kind),
})
const scanned = (late: boolean): Choice => ({
  make: (programs) => Scanned.make(late, programs),
  whyNot: () => whyNoImage('ext4'),
})
const leased = (kind: 'read' | 'write'): Choice => ({
  make: (programs) => Leased.make(kind, programs),
  whyNot: whyNoHelpers,
})

const automounted: Choice = { make: (programs) => Automounted.make(programs), whyNot: whyNoAutomount }

/** By name: the measuring program's argument. */
export const situations = {
  'FUSE, names cached': fuse('valid 3600 0'),
  'FUSE, nothing cached': fuse('valid 0 0'),
  'FUSE, names and attributes cached': fuse('valid 3600 3600'),
  'FUSE, without the page cache': fuse('valid 3600 3600', 'direct 1'),
  'frozen ext4': frozen('ext4'),
  'frozen xfs': frozen('xfs'),
  'scanned files': scanned(false),
  'files scanned from some time on': scanned(true),
  'files leased to a writer': leased('write'),
  'files leased to a reader': leased('read'),
  automounted,
} satisfies Record<string, Choice>

export type SituationName = keyof typeof situations
