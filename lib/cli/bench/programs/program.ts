/** Interface of a program of `caio bench --programs`. Does not use caio: other runtimes run it, too. */

export interface Setting {
  /** read-only directory, filled once for all contenders by `Program.input` */
  input: string
  /** the program's own directory, new for each trial; its content at the end is compared */
  work: string
  /** about how many files the trees have; each program takes a multiple or a part */
  files: number
  /** a Node, for programs that need another process */
  node: string
  /** Loads a package from the user's directory. */
  load: <T>(name: string) => T
}

/**
 * The timed work.
 * @returns its findings: data for JSON, the same in every run
 */
export type Work = () => Promise<unknown>
export type SyncWork = () => unknown

export type Essence = (name: string, content: Buffer) => Buffer | undefined

export interface Package {
  name: string
  /** first major version with the functions that are called */
  since: number
  /** first major version without them */
  before?: number
  /** whether the npm that is installed with Node has it, too */
  comesWithNode?: true
}

export interface Program {
  title: (files: number) => string
  /** required packages; none if it calls Node's functions itself */
  packages: readonly Package[]
  input?: (directory: string, files: number) => void
  /** Fills a trial's directory before the trial. */
  prepare?: (work: string, files: number) => void
  /**
   * The part of a file in `work` to compare. Default: its content.
   * @param name relative to `work`
   * @returns undefined for a file whose content differs from run to run
   */
  essence?: Essence
  /** Loads what the work needs, before the clock starts. */
  start: (setting: Setting) => Work | Promise<Work>
  /** the same by synchronous functions, if the package has them */
  startSync?: (setting: Setting) => SyncWork
}
