/** The runtimes that this package meets, Node among them. */

/** Why no addon can be loaded in this runtime, whatever is on the disk. */
export function whyNotLoadable(versions: NodeJS.ProcessVersions): string | undefined {
  // Both lack the libuv loop that the addon watches its eventfd with.
  if (versions['bun']) return 'Bun has no libuv event loop for the addon'
  if (versions['deno']) return 'Deno has no libuv event loop for the addon'
  return undefined
}
