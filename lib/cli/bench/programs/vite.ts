/** Bundles modules by vite, as for a page. */
import fs from 'node:fs'
import { join } from 'node:path'
import type { Program } from './program.js'
import { makeModules, moduleName } from './trees.js'

interface Vite {
  build(options: object): Promise<unknown>
}

export const program: Program = {
  title: (files) => `vite build: ${files} modules`,
  packages: [{ name: 'vite', since: 5 }],
  input(directory, files) {
    makeModules(directory, files, 'js')
    const entry = [
      `import { value0 } from './${moduleName(0)}.js'`,
      "document.title = String(value0('key1', 99))",
      '',
    ].join('\n')
    fs.writeFileSync(join(directory, 'main.js'), entry)
    fs.writeFileSync(join(directory, 'index.html'), '<script type="module" src="./main.js"></script>\n')
  },
  start({ input, work, load }) {
    const { build } = load<Vite>('vite')
    return async () => {
      await build({
        root: input,
        configFile: false,
        envFile: false,
        logLevel: 'silent',
        build: { outDir: join(work, 'out'), emptyOutDir: true },
      })
      return null
    }
  },
}
