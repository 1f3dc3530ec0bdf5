// @thorough
import { sameAsOnNode } from './client.js'

await sameAsOnNode({ program: 'tar', ways: ['import callbacks'], engine: ['write', 'readFile', 'writeFile'] })
