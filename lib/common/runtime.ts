/** Runtimes in which this package runs, besides Node. */

/** Why this runtime cannot load any addon; undefined if it can. */
export function whyNotLoadable(versions: NodeJS.ProcessVersions): string | undefined {
  // Both lack the libuv loop that the addon watches its eventfd with.
  if (versions['bun']) return 'Bun has no libuv event loop for the addon'
  if (versions['deno']) return 'Deno has no libuv event loop for the addon'
  return undefined
}
