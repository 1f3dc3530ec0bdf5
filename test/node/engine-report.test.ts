import t from 'tap'
import { parseReports, sumOperations, unusedOpcodes } from './engine-report.js'

t.test('parseReports takes a line each and leaves out a torn one', async (t) => {
  const [one, two] = [
    { backend: 'pure', operations: { read: 1 } },
    { backend: 'linux', operations: {} },
  ]
  t.same(parseReports(''), [])
  t.same(parseReports(`${JSON.stringify(one)}\n${JSON.stringify(two)}\n`), [one, two])
  t.same(parseReports(`${JSON.stringify(one)}\n{"backend":"li`), [one])
})

t.test('sumOperations adds opcode by opcode', async (t) => {
  t.same(sumOperations([]), {})
  t.same(
    sumOperations([
      { read: 1, fsync: 2 },
      { read: 3, writev: 4 },
    ]),
    { read: 4, fsync: 2, writev: 4 },
  )
})

t.test('unusedOpcodes asks for reads and for writes, vectored or not', async (t) => {
  t.same(unusedOpcodes({}), ['reads', 'writes'])
  t.same(unusedOpcodes({ read: 0, write: 3 }), ['reads'])
  t.same(unusedOpcodes({ readv: 1, fsync: 9 }), ['writes'])
  t.same(unusedOpcodes({ readv: 1, writev: 1 }), [])
})
