import fs from 'node:fs'

/** Whether the kernel has this file system now, without loading a module. */
export const kernelHas = (fileSystem: string): boolean =>
  new RegExp(`\\b${fileSystem}$`, 'm').test(fs.readFileSync('/proc/filesystems', 'utf8'))
