// @thorough
import { sameAsOnNode } from './client.js'

await sameAsOnNode({ program: 'write-file-atomic', ways: ['import callbacks'], engine: ['write', 'fsync'] })
