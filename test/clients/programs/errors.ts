/** Failing calls of the program itself: the errors, and the program's lines in their stacks. */
import fs from 'node:fs'
import { open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { told } from '../program.js'
import type { Program } from '../program.js'

/** Frames in this file, with their lines. */
function ownFrames(error: Error): string[] {
  return (error.stack ?? '')
    .split('\n')
    .filter((line) => line.includes('programs/errors'))
    .map((line) => line.trim())
}

class Settings {
  constructor(readonly directory: string) {}

  async load(): Promise<string> {
    return await readFile(join(this.directory, 'settings.json'), 'utf8')
  }

  async save(): Promise<void> {
    await writeFile(join(this.directory, 'no', 'where', 'settings.json'), '{}')
  }
}

const main: Program = async (directory) => {
  const settings = new Settings(directory)
  const path = join(directory, 'file')
  await writeFile(path, 'content')
  const writeOnly = await open(path, 'a')
  const readOnly = await open(path)

  async function readPage(): Promise<unknown> {
    return await writeOnly.read(Buffer.alloc(4), 0, 4, 0)
  }
  async function writePage(): Promise<void> {
    await readOnly.write(Buffer.from('page'), 0, 4, 0)
    await readOnly.sync()
  }
  async function badArgument(): Promise<void> {
    await readOnly.read(Buffer.alloc(4), 0, 5, 0)
  }
  async function copyAll(): Promise<void> {
    for await (const chunk of writeOnly.createReadStream({ start: 0, autoClose: false })) void chunk
  }
  const directoryAsFile = async (): Promise<unknown> => await readFile(directory)
  const together = async (): Promise<unknown> => await Promise.all([settings.load(), settings.load()])
  const attempts = [
    () => settings.load(),
    () => settings.save(),
    readPage,
    writePage,
    badArgument,
    copyAll,
    directoryAsFile,
    together,
  ]

  const story: unknown[] = []
  for (const attempt of attempts) {
    try {
      await attempt()
      story.push('did not fail')
    } catch (error) {
      story.push([told(error), ownFrames(error as Error)])
    }
  }
  const callbacks = [
    (done: fs.NoParamCallback) => fs.read(writeOnly.fd, Buffer.alloc(4), 0, 4, 0, done),
    (done: fs.NoParamCallback) => fs.write(readOnly.fd, Buffer.alloc(4), 0, 4, 0, done),
    (done: fs.NoParamCallback) => fs.readFile(`${path}-missing`, done),
    (done: fs.NoParamCallback) => fs.writeFile(directory, 'text', done),
    (done: fs.NoParamCallback) => fs.read(readOnly.fd, Buffer.alloc(4), 0, 5, 0, done),
  ]
  for (const call of callbacks) {
    story.push(
      await new Promise((resolve) => call((error) => resolve([told(error), error?.stack]))).catch((error: Error) => [
        told(error),
        ownFrames(error),
      ]),
    )
  }
  await writeOnly.close()
  await readOnly.close()
  return story
}
export default main
