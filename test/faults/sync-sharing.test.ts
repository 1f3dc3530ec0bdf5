/** The rule of shared syncs, proved with a pool whose syncs can be held: see programs/sync-sharing.ts. */
// @thorough
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { compileLibrary } from '../support/compile-library.js'
import { requiredBackends, temporaryDirectory } from '../support/harness.js'

const directory = temporaryDirectory(t)
const library = join(directory, 'hold_sync.so')
// The source is in test/faults, not in dist/.
const source = fileURLToPath(new URL('../../../test/faults/hold_sync.c', import.meta.url))
compileLibrary(library, source)

for (const backend of requiredBackends.filter((name) => name !== 'pure')) {
  const own = temporaryDirectory(t)
  const child = fileURLToPath(new URL('./programs/sync-sharing.js', import.meta.url))
  const env = {
    ...process.env,
    CAIO_IMPL: backend,
    LD_PRELOAD: library,
    CAIO_HOLD_EVENTS: join(own, 'events'),
    CAIO_HOLD_ANSWERS: join(own, 'answers'),
  }
  void t.spawn(process.execPath, [child, backend, own], { env }, `${backend}: shared syncs`)
}
