import fs from 'node:fs'

/** Whether the kernel has this file system now; a module for it may be there to be loaded. */
export const kernelHas = (fileSystem: string): boolean =>
  new RegExp(`\\b${fileSystem}$`, 'm').test(fs.readFileSync('/proc/filesystems', 'utf8'))
