/** Compiles only if caio/fs is a drop-in for node:fs/promises as far as types go. Nothing runs here. */
import type * as node from 'node:fs/promises'
import caio, * as namespace from 'caio/fs'
import { constants, open, readFile, watch } from 'caio/fs'
import type { FileHandle } from 'caio/fs'

export const asDefault: typeof import('node:fs/promises') = caio
export const asNamespace: typeof import('node:fs/promises') = namespace
export const named: Pick<typeof node, 'constants' | 'open' | 'readFile' | 'watch'> = {
  constants,
  open,
  readFile,
  watch,
}

/** The reverse: a handle of caio/fs is one of Node's. */
export const handleIsNodes = (handle: FileHandle): node.FileHandle => handle
export const nodesIsHandle = (handle: node.FileHandle): FileHandle => handle

export async function overloads(handle: FileHandle): Promise<void> {
  const { bytesRead, buffer } = await handle.read(new Uint16Array(4), 0, 8, 0)
  const { bytesWritten } = await handle.write('text', 0, 'utf8')
  const text: string = await caio.readFile('path', 'utf8')
  const bytes: Buffer = await readFile('path')
  return void [bytesRead satisfies number, buffer satisfies Uint16Array, bytesWritten satisfies number, text, bytes]
}
