/** Compiles modules by TypeScript's own compiler, whose file work is all synchronous. */
import { join } from 'node:path'
import type { Program } from './program.js'
import { makeModules, moduleName } from './trees.js'

/** Of versions before 7: that is a native program without these functions. */
interface TypeScript {
  createProgram(roots: string[], options: object): unknown
  getPreEmitDiagnostics(program: unknown): readonly { code: number }[]
  ScriptTarget: { ES2022: number }
  ModuleKind: { ES2022: number }
  ModuleResolutionKind: { Bundler: number }
}

interface Emitting {
  emit(): { emitSkipped: boolean }
}

const part = (files: number): number => Math.ceil(files / 3)

export const program: Program = {
  title: (files) => `tsc: ${part(files)} modules`,
  packages: [{ name: 'typescript', since: 5, before: 7 }],
  input: (directory, files) => makeModules(directory, part(files), 'ts'),
  start({ input, work, load }) {
    const ts = load<TypeScript>('typescript')
    return async () => {
      const program = ts.createProgram([join(input, `${moduleName(0)}.ts`)], {
        strict: true,
        types: [],
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ES2022,
        moduleResolution: ts.ModuleResolutionKind.Bundler,
        rootDir: input,
        outDir: join(work, 'out'),
      })
      const found = ts.getPreEmitDiagnostics(program).map(({ code }) => code)
      return { found, ...(program as Emitting).emit() }
    }
  },
}
