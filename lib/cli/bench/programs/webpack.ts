/** Bundles modules by webpack. */
import { join } from 'node:path'
import type { Program } from './program.js'
import { makeModules, moduleName } from './trees.js'

interface Statistics {
  toJson(options: { all: false; modules: true; errors: true }): { errors: unknown[]; modules: unknown[] }
}

interface Compiler {
  run(done: (error: Error | null, statistics?: Statistics) => void): void
  close(done: (error: Error | null) => void): void
}

type Webpack = (options: object) => Compiler

function compile(compiler: Compiler): Promise<Statistics | undefined> {
  return new Promise((resolve, reject) => {
    compiler.run((error, statistics) => {
      compiler.close((closing) => {
        const failure = error ?? closing
        if (failure) reject(failure)
        else resolve(statistics)
      })
    })
  })
}

export const program: Program = {
  title: (files) => `webpack: ${files} modules`,
  packages: [{ name: 'webpack', since: 5 }],
  input: (directory, files) => makeModules(directory, files, 'js'),
  start({ input, work, load }) {
    const webpack = load<Webpack>('webpack')
    return async () => {
      const compiler = webpack({
        mode: 'none',
        context: input,
        entry: join(input, `${moduleName(0)}.js`),
        output: { path: join(work, 'out') },
        optimization: { concatenateModules: false },
      })
      const statistics = await compile(compiler)
      const { errors, modules } = statistics?.toJson({ all: false, modules: true, errors: true }) ?? {}
      return { errors, modules: modules?.length }
    }
  },
}
