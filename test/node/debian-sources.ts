import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** A Debian archive as configured on this machine: its URI and, if given, the key that signs it. */
export interface Archive {
  readonly uri: string
  /** The value of `Signed-By`, as written: a keyring's path, or a key, whose lines it keeps. */
  readonly signedBy?: string
}

interface Entry extends Archive {
  readonly suites: readonly string[]
  readonly components: readonly string[]
}

/**
 * Suites of the Debian archive proper: not -updates, -security and -backports, which are elsewhere
 * or add to it.
 */
const DEBIAN_SUITE = /^(?:bullseye|bookworm|trixie|forky|duke|sid|oldoldstable|oldstable|stable|testing|unstable)$/

/** The Debian archives configured for apt on this machine, the likeliest first; none without apt. */
export function machineArchives(etcApt = '/etc/apt'): Archive[] {
  const parts = join(etcApt, 'sources.list.d')
  const files = [join(etcApt, 'sources.list'), ...list(parts).map((file) => join(parts, file))]
  const entries = files.flatMap((file) => {
    if (file.endsWith('.list')) return parseOneLineStyle(read(file))
    return file.endsWith('.sources') ? parseDeb822(read(file)) : []
  })
  return debianArchives(entries)
}

/**
 * Entries that may be the Debian archive: a Debian suite with the component `main`. Third parties
 * use the same names of suites, so those signed with Debian's own keyring go first, and the caller
 * tries one after the other.
 */
export function debianArchives(entries: readonly Entry[]): Archive[] {
  const archives = new Map<string, Archive>()
  for (const { uri, signedBy, suites, components } of entries) {
    if (!components.includes('main') || !suites.some((suite) => DEBIAN_SUITE.test(suite))) continue
    archives.set(uri, signedBy === undefined ? { uri } : { uri, signedBy })
  }
  const ofDebian = (archive: Archive): boolean => archive.signedBy?.includes('debian-archive') ?? false
  return [...archives.values()].sort((a, b) => Number(ofDebian(b)) - Number(ofDebian(a)))
}

/** `deb [signed-by=/path] URI suite component...`, one per line: see sources.list(5). */
export function parseOneLineStyle(text: string): Entry[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb(?:-src)?\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+([^#]+)/.exec(line)
    if (match === null) return []
    const [, options = '', uri = '', rest = ''] = match
    const [suite = '', ...components] = rest.trim().split(/\s+/)
    const signedBy = /(?:^|\s)signed-by=(\S+)/i.exec(options)?.[1]
    return [{ uri, suites: [suite], components, ...(signedBy === undefined ? {} : { signedBy }) }]
  })
}

/** Stanzas of `Field: value` with continued lines, as in debian.sources: see sources.list(5). */
export function parseDeb822(text: string): Entry[] {
  const withoutComments = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
  return withoutComments.split(/\n\s*\n/).flatMap((stanza) => {
    const fields = parseFields(stanza)
    const words = (field: string): string[] => fields.get(field)?.split(/\s+/).filter(Boolean) ?? []
    if (fields.get('enabled')?.toLowerCase() === 'no') return []
    const signedBy = fields.get('signed-by')
    const rest = { suites: words('suites'), components: words('components'), ...(signedBy ? { signedBy } : {}) }
    return words('uris').map((uri) => ({ uri, ...rest }))
  })
}

/**
 * The fields of one stanza by lower-case name; lines that begin with a space belong to the previous
 * field.
 */
export function parseFields(stanza: string): Map<string, string> {
  const fields = new Map<string, string>()
  let current: string | undefined
  for (const line of stanza.split('\n')) {
    const field = /^([A-Za-z][\w-]*):\s*(.*)$/.exec(line)
    if (field !== null) {
      current = field[1]!.toLowerCase()
      fields.set(current, field[2]!.trim())
    } else if (current !== undefined && /^\s/.test(line)) {
      fields.set(current, `${fields.get(current)}\n${line}`)
    }
  }
  return fields
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // not there, or not ours to read
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}
