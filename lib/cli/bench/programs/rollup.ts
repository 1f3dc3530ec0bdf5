/** Bundles modules by rollup. */
import { join } from 'node:path'
import type { Program } from './program.js'
import { makeModules, moduleName } from './trees.js'

interface Bundle {
  write(options: { dir: string; format: 'es' }): Promise<{ output: { fileName: string }[] }>
  close(): Promise<void>
}

interface Rollup {
  rollup(options: { input: string }): Promise<Bundle>
}

export const program: Program = {
  title: (files) => `rollup: ${files} modules`,
  packages: [{ name: 'rollup', since: 3 }],
  input: (directory, files) => makeModules(directory, files, 'js'),
  start({ input, work, load }) {
    const { rollup } = load<Rollup>('rollup')
    return async () => {
      const bundle = await rollup({ input: join(input, `${moduleName(0)}.js`) })
      const { output } = await bundle.write({ dir: join(work, 'out'), format: 'es' })
      await bundle.close()
      return output.map(({ fileName }) => fileName)
    }
  },
}
