/** The interface of a program of `caio bench --programs`. It uses nothing of caio: other runtimes run it, too. */

export interface Setting {
  /** A directory that is only read. `Program.input` has filled it, once for all contenders. */
  input: string
  /** The program's own directory, new for each trial. Its content at the end is compared. */
  work: string
  /** about how many files the trees have; each program takes a multiple or a part of it */
  files: number
  /** a Node, for programs that need another process */
  node: string
  /** Loads the package of that name from the directory that the user names. */
  load: <T>(name: string) => T
}

/** The work that is timed. @returns what it has found: data for JSON, the same in every run */
export type Work = () => Promise<unknown>
export type SyncWork = () => unknown

export type Essence = (name: string, content: Buffer) => Buffer | undefined

export interface Package {
  name: string
  /** the first major version that has the functions that are called */
  since: number
  /** the first major version that does not have them any more */
  before?: number
}

export interface Program {
  title: (files: number) => string
  /** the packages that it needs; none if it calls Node's functions itself */
  packages: readonly Package[]
  input?: (directory: string, files: number) => void
  /** Fills the directory of a trial, before the trial. */
  prepare?: (work: string, files: number) => void
  /**
   * The part of a file in `work` that is compared: by default its content.
   * @param name relative to `work`
   * @returns undefined for a file whose content differs from run to run
   */
  essence?: Essence
  /** Loads what the work needs, before the clock is started. */
  start: (setting: Setting) => Work | Promise<Work>
  /** the same by synchronous functions, where the package has them */
  startSync?: (setting: Setting) => SyncWork
}
