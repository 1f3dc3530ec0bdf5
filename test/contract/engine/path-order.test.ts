/** Inline attempts during changes: allowed if no change touches the path, as far as names tell. */
import t from 'tap'
import { PathOrder } from '../../../lib/engine/path-order.js'
import { PathRequest } from '../../../lib/engine/request.js'
import type { PathCall, Request } from '../../../lib/engine/request.js'
import { Opcode } from '../../../lib/protocol/operations.js'
import type { PathName } from '../../../lib/protocol/operations.js'

const CREATES = 0o100

function request(name: PathName, call: PathCall): Request {
  return new PathRequest(Opcode[name], call, { value: (result) => result }, undefined) as Request
}

const cases: readonly [change: PathName, call: PathCall, free: readonly string[], touched: readonly string[]][] = [
  [
    'mkdir',
    { path: '/a/b' },
    ['/a', '/a/c', '/a/bc', '/c'],
    ['/a/b', '/a/b/c', '/a/b/c/d', 'a', './a', '/a//c', '/a/../c'],
  ],
  ['rename', { path: '/a', otherPath: '/b' }, ['/c'], ['/a', '/a/x', '/b', '/b/x/y']],
  ['symlink', { path: '../there', otherPath: '/a/b' }, ['/a/c'], ['/a/b', '/a/b/c']],
  ['copyFile', { path: '/a', otherPath: '/b' }, ['/a', '/c'], ['/b']],
  ['open', { path: '/a', flags: CREATES }, ['/b'], ['/a']],
  ['mkdir', { path: 'a' }, ['b', 'b/c'], ['a', 'a/b', '/b']],
  ['mkdir', { path: './a' }, [], ['a', 'b', '/b', './b']],
  ['mkdir', { path: 'a/' }, [], ['a', 'b']],
]

for (const [name, call, free, touched] of cases) {
  void t.test(`${name} ${JSON.stringify(call)}`, async (t) => {
    const order = new PathOrder()
    const change = request(name, call)
    t.ok(order.enter(change))
    t.equal(order.changes, 1)
    for (const path of free) t.ok(order.isFree(path), `${path} is free`)
    for (const path of touched) t.notOk(order.isFree(path), `${path} is not`)
    order.leave(change, () => t.fail('nobody waits'))
    t.equal(order.changes, 0)
    for (const path of touched.filter((path) => !/(?:^|\/)\.{0,2}(?:\/|$)/.test(path.replace(/^\//, '')))) {
      t.ok(order.isFree(path), `${path} is free afterwards`)
    }
  })
}

void t.test('two changes of one name', async (t) => {
  const order = new PathOrder()
  const [first, second] = [request('chmod', { path: '/a' }), request('unlink', { path: '/a' })]
  t.ok(order.enter(first))
  t.notOk(order.enter(second))
  const begun: Request[] = []
  order.leave(first, (next) => begun.push(next))
  t.strictSame(begun, [second])
  t.notOk(order.isFree('/a'), 'until the last is over')
  order.leave(second, () => t.fail('nobody waits'))
  t.ok(order.isFree('/a'))
})

void t.test('a whole directory follows what changes the names in it', async (t) => {
  const inside = (): Request[] => [
    request('mkdir', { path: '/a/b' }),
    request('rename', { path: '/a/c', otherPath: '/d/e' }),
  ]
  const whole = [
    request('rename', { path: '/a', otherPath: '/x' }),
    request('rmdir', { path: '/d' }),
    request('rm', { path: '/d' }),
  ]
  for (const last of whole) {
    const order = new PathOrder()
    const earlier = inside()
    for (const each of earlier) t.ok(order.enter(each))
    t.notOk(order.enter(last), String(last.views))
    const begun: Request[] = []
    for (const each of earlier) order.leave(each, (next) => begun.push(next))
    t.strictSame(begun, [last])
    order.leave(last, () => t.fail('nobody waits'))
    t.equal(order.changes, 0)
  }
  const order = new PathOrder()
  const [first] = inside() as [Request]
  t.ok(order.enter(first))
  t.ok(order.enter(request('readdir', { path: '/a' })), 'what lists it does not')
  t.ok(order.enter(request('chmod', { path: '/a' })), 'nor its own attributes')
  t.ok(order.enter(request('rename', { path: '/b', otherPath: '/c' })))
})

void t.test('more changes than are looked through one by one', async (t) => {
  const order = new PathOrder()
  const files = Array.from({ length: 100 }, (_, at) => request('unlink', { path: `/${at % 2 ? 'a' : 'b'}/${at}` }))
  for (const file of files) t.ok(order.enter(file))
  const whole = request('rmdir', { path: '/a' })
  const later = request('truncate', { path: '/a/later' })
  t.notOk(order.enter(whole))
  t.notOk(order.enter(later), 'follows its directory')
  const again = request('rmdir', { path: '/b' })
  t.notOk(order.enter(again))
  const begun: Request[] = []
  const note = (next: Request): void => void begun.push(next)
  for (const file of files.slice(0, -2)) order.leave(file, note)
  t.strictSame(begun, [])
  order.leave(files.at(-2) as Request, note)
  t.strictSame(begun, [again])
  order.leave(files.at(-1) as Request, note)
  t.strictSame(begun, [again, whole])
  order.leave(whole, note)
  t.strictSame(begun, [again, whole, later])
  order.leave(again, note)
  t.notOk(order.isFree('/a/later'))
  order.leave(later, note)
  t.ok(order.isFree('/a/later'))
  t.equal(order.changes, 0)
  t.equal(order.waiting, 0)
})
