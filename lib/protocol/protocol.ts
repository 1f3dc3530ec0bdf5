/** Everything that JavaScript and the addon must agree on, as text. native/request/protocol.cc writes the same. */
import { Opcode, familyOf, opcodeNames, pathsOf } from './operations.js'
import {
  AlignmentOf,
  COMPLETION_FIELDS,
  ControlField,
  CopyFlag,
  EngineKind,
  FileSystemField,
  LARGEST_TRANSFER,
  LockKind,
  PathField,
  QUEUE_CAPACITY,
  RECORD_FIELDS,
  RemoveFlag,
  Route,
  SpaceFlag,
  StatsField,
  SyncField,
  TimesField,
  TransferField,
  TransferFlag,
  TreeCopyFlag,
  TreeFlag,
  TreeResult,
  UNSERVED,
  WHILE_CLOSING,
  WHILE_SYNCING,
  WHILE_WRITING,
  WholeFileField,
  WholeFileFlag,
} from './port.js'

/** Defined when the package is bundled: see compat/bundle.mjs. */
declare const CAIO_PROTOCOL: string

export function describeProtocol(): string {
  if (typeof CAIO_PROTOCOL === 'string') return CAIO_PROTOCOL
  const numbers = {
    recordFields: RECORD_FIELDS,
    completionFields: COMPLETION_FIELDS,
    queueCapacity: QUEUE_CAPACITY,
    largestTransfer: LARGEST_TRANSFER,
    unserved: UNSERVED,
    whileWriting: WHILE_WRITING,
    whileSyncing: WHILE_SYNCING,
    whileClosing: WHILE_CLOSING,
  }
  const parts: Record<string, Record<string, number | string>> = {
    operations: Object.fromEntries(opcodeNames.map((name) => [name, familyOf(Opcode[name])])),
    paths: Object.fromEntries(opcodeNames.map((name) => [name, pathsOf(Opcode[name])])),
    transfer: TransferField,
    sync: SyncField,
    control: ControlField,
    wholeFile: WholeFileField,
    path: PathField,
    times: TimesField,
    transferFlag: TransferFlag,
    lockKind: LockKind,
    spaceFlag: SpaceFlag,
    alignmentOf: AlignmentOf,
    copyFlag: CopyFlag,
    treeFlag: TreeFlag,
    removeFlag: RemoveFlag,
    treeResult: TreeResult,
    treeCopyFlag: TreeCopyFlag,
    wholeFileFlag: WholeFileFlag,
    stats: StatsField,
    fileSystem: FileSystemField,
    route: Route,
    engineKind: EngineKind,
    numbers,
  }
  const line = ([title, part]: [string, object]): string =>
    [title, ...Object.entries(part).map(([name, value]) => `${name}=${value}`)].join(' ') + '\n'
  return Object.entries(parts).map(line).join('')
}
