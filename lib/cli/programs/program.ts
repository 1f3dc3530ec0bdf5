/** What a program of `caio bench --programs` is. Nothing of caio is in it: other runtimes run it, too. */

export interface Setting {
  /** A directory that is only read: `input` has made it, once for all contenders. */
  input: string
  /** The program's own directory, new for each trial. What is in it at the end is compared. */
  work: string
  /** how many files the trees are made of, about; what each program makes of it is its own business */
  files: number
  /** a Node, for programs that need another process */
  node: string
  /** The package of that name, from the directory that the user names. */
  load: <T>(name: string) => T
}

/** The work that is timed. @returns what it has found, as JSON can tell it, the same in every run */
export type Work = () => Promise<unknown>
export type SyncWork = () => unknown

export type Essence = (name: string, content: Buffer) => Buffer | undefined

export interface Package {
  name: string
  /** the first major version that has the functions that are called */
  since: number
  /** the first that has them no more */
  before?: number
}

export interface Program {
  title: (files: number) => string
  /** what it needs of others; none if it calls Node's functions itself */
  packages: readonly Package[]
  input?: (directory: string, files: number) => void
  /** Fills the directory of a trial, before the trial. */
  prepare?: (work: string, files: number) => void
  /**
   * What is to be compared of a file in `work`: by default its content.
   * @param name relative to `work`
   * @returns undefined of a file whose content differs from run to run
   */
  essence?: Essence
  /** Loads what it needs, before the clock runs. */
  start: (setting: Setting) => Work | Promise<Work>
  /** the same by synchronous functions, where the package has them */
  startSync?: (setting: Setting) => SyncWork
}
