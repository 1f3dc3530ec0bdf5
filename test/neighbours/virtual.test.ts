/** Node's own file systems in memory (`node:vfs`): what they hold is found, as with Node alone. */
// @thorough
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { packageRoot, runProgram, temporaryDirectory } from '../support/harness.js'
import { same } from '../support/differential.js'

const FLAG = '--experimental-vfs'
const skip = process.allowedNodeEnvironmentFlags.has(FLAG) ? false : `this Node has no ${FLAG}`

const program = (fs: string): string => `
  import vfs from 'node:vfs'
  import fs from '${fs}'
  const files = vfs.create()
  files.writeFileSync('/file', 'virtual')
  files.mount()
  const path = files.mountPoint + '/file'
  const told = []
  for (let calls = 0; calls < 200; calls++) told.push(await fs.readFile(path, 'utf8'))
  for await (const { name } of await fs.opendir(files.mountPoint)) told.push(name)
  const handle = await fs.open(path)
  told.push((await fs.stat(path)).size, (await handle.stat()).size, await handle.readFile('utf8'))
  await handle.close()
  console.log(JSON.stringify(told))`

await t.test('node:vfs', { skip }, async (t) => {
  const directory = temporaryDirectory(t)
  const told = async (fs: string, nodeArgs: string[] = []): Promise<unknown> => {
    const path = join(directory, 'program.mjs')
    writeFileSync(path, program(fs))
    const env = { CAIO_LOAD_AFTER: '0' }
    const ended = await runProgram(path, [], { cwd: packageRoot, env, nodeArgs: [FLAG, '--no-warnings', ...nodeArgs] })
    return [ended.code, ended.stdout, ended.stderr]
  }
  const nodes = await told('node:fs/promises')
  same(t, await told('node:fs/promises', ['--import', 'caio/register/callbacks']), nodes, 'under the preload')
  same(t, await told(new URL('../../fs.js', import.meta.url).href), nodes, 'by caio/fs')
})
