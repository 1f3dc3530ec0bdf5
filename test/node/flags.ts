/**
 * The comment that Node's own runner (test/testpy) searches for: the first one of a test counts,
 * later ones do not.
 */
const FLAGS_COMMENT = /\/\/\s+Flags:(.*)/

/**
 * The command line options in a test's `// Flags:` comment, in order. Splits only at white space,
 * as Node's runner does: the line has no quoting.
 */
export function parseFlags(source: string): string[] {
  const flags = FLAGS_COMMENT.exec(source)?.[1]?.trim() ?? ''
  return flags === '' ? [] : flags.split(/\s+/)
}

/**
 * Whether the options enable Node's permission model without native addons. Such a process cannot
 * load caio's addon, whatever CAIO_IMPL says: `pure` rightly serves it.
 */
export function forbidsAddons(flags: readonly string[]): boolean {
  const permission = flags.some((flag) => flag === '--permission' || flag === '--experimental-permission')
  return permission && !flags.includes('--allow-addons')
}
