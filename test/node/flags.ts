/** What Node's own runner (test/testpy) looks for: the first such comment of a test counts, later ones do not. */
const FLAGS_COMMENT = /\/\/\s+Flags:(.*)/

/**
 * The command line options a test asks for in its `// Flags:` comment, in order.
 * Split at white space and nothing else, as Node's runner does: the line has no quoting.
 */
export function parseFlags(source: string): string[] {
  const flags = FLAGS_COMMENT.exec(source)?.[1]?.trim() ?? ''
  return flags === '' ? [] : flags.split(/\s+/)
}

/**
 * Whether the options switch Node's permission model on and leave native addons off.
 * Such a process cannot load caio's addon, whatever CAIO_IMPL says: `pure` rightly serves it.
 */
export function forbidsAddons(flags: readonly string[]): boolean {
  const permission = flags.some((flag) => flag === '--permission' || flag === '--experimental-permission')
  return permission && !flags.includes('--allow-addons')
}
