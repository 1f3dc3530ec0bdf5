/** Libraries in C that are loaded into a process: interposed, or as an auditor of the dynamic linker. */
import { execFileSync } from 'node:child_process'

/** Compiles a library; warnings are errors. */
export function compileLibrary(library: string, ...sources: readonly string[]): void {
  const flags = ['-std=gnu11', '-shared', '-fPIC', '-O1', '-Wall', '-Wextra', '-Werror']
  execFileSync('cc', [...flags, '-o', library, ...sources, '-ldl', '-lpthread'])
}
