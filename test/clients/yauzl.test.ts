// @thorough
import { sameAsOnNode } from './client.js'

await sameAsOnNode({ program: 'yauzl', ways: ['import callbacks'], engine: ['read'] })
