/** All that JavaScript and the addon have to agree on, as text. native/request/protocol.cc writes the same. */
import { Opcode, familyOf, opcodeNames } from './operations.js'
import {
  ControlField,
  RECORD_FIELDS,
  Route,
  SyncField,
  TransferField,
  TransferFlag,
  UNSERVED,
  WHILE_SYNCING,
  WHILE_WRITING,
  WholeFileField,
  WholeFileFlag,
} from './port.js'

export function describeProtocol(): string {
  const numbers = {
    recordFields: RECORD_FIELDS,
    unserved: UNSERVED,
    whileWriting: WHILE_WRITING,
    whileSyncing: WHILE_SYNCING,
  }
  const parts: Record<string, Record<string, number | string>> = {
    operations: Object.fromEntries(opcodeNames.map((name) => [name, familyOf(Opcode[name])])),
    transfer: TransferField,
    sync: SyncField,
    control: ControlField,
    wholeFile: WholeFileField,
    transferFlag: TransferFlag,
    wholeFileFlag: WholeFileFlag,
    route: Route,
    numbers,
  }
  const line = ([title, part]: [string, object]): string =>
    [title, ...Object.entries(part).map(([name, value]) => `${name}=${value}`)].join(' ') + '\n'
  return Object.entries(parts).map(line).join('')
}
