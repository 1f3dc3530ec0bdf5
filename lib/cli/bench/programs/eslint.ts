/** Lints modules by eslint, with a few rules and their fixes. */
import type { Program } from './program.js'
import { makeModules } from './trees.js'

interface Finding {
  filePath: string
  messages: { ruleId: string | null; line: number; message: string }[]
}

interface ESLint {
  lintFiles(patterns: string[]): Promise<Finding[]>
}

interface Package {
  ESLint: {
    new (options: object): ESLint
    outputFixes(findings: Finding[]): Promise<void>
  }
}

const part = (files: number): number => Math.ceil(files / 3)

const rules = { curly: 'error', eqeqeq: 'error', 'no-else-return': 'error', 'no-unused-vars': 'error' }

export const program: Program = {
  title: (files) => `eslint: ${part(files)} modules, with --fix`,
  packages: [{ name: 'eslint', since: 9 }],
  prepare: (work, files) => makeModules(work, part(files), 'js'),
  start({ work, load }) {
    const { ESLint } = load<Package>('eslint')
    return async () => {
      const eslint = new ESLint({ cwd: work, fix: true, overrideConfigFile: true, overrideConfig: [{ rules }] })
      const findings = await eslint.lintFiles(['.'])
      await ESLint.outputFixes(findings)
      return findings
        .map(({ filePath, messages }) =>
          [filePath, messages.map(({ ruleId, line }) => `${ruleId} ${line}`).join()].join(' '),
        )
        .sort()
        .join('\n')
    }
  },
}
