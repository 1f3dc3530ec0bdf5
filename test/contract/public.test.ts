import t from 'tap'
import * as caio from 'caio'

const engine = ['Context', 'Operation', 'PureBackend', 'defaultContext', 'patch', 'unpatch']
const toolkit = [
  'Block',
  'BufferPool',
  'FileLock',
  'LogReader',
  'LogWriter',
  'Page',
  'PageFile',
  'SegmentedLog',
  'advise',
  'alignedBuffer',
  'allocate',
  'copyFileRange',
  'directAlignment',
  'lock',
  'lockDirectory',
  'lockFile',
  'punchHole',
  'removeTemporaries',
  'seekData',
  'seekHole',
  'syncDirectory',
  'syncRange',
  'tryLock',
  'unlock',
  'writeFileAtomic',
  'zeroRange',
]

t.test('what the package exports', async (t) => {
  t.same(Object.keys(caio).sort(), [...engine, ...toolkit].sort())
})

t.test('the default context', async (t) => {
  const context = caio.defaultContext()
  t.type(context, caio.Context)
  t.equal(caio.defaultContext(), context, 'is one')
  t.equal(context.maxRequests, 512)
  t.ok(context.reason.length > 10, context.reason)
})
