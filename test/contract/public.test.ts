import t from 'tap'
import * as caio from 'caio'

t.test('what the package exports', async (t) => {
  t.same(Object.keys(caio).sort(), ['Context', 'LogReader', 'LogWriter', 'Operation', 'PureBackend', 'defaultContext', 'patch', 'unpatch'])
})

t.test('the default context', async (t) => {
  const context = caio.defaultContext()
  t.type(context, caio.Context)
  t.equal(caio.defaultContext(), context, 'is one')
  t.equal(context.maxRequests, 512)
  t.ok(context.reason.length > 10, context.reason)
})
