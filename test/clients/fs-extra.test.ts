// @thorough
import { sameAsOnNode } from './client.js'

await sameAsOnNode({
  program: 'fs-extra',
  ways: ['import callbacks', 'patch callbacks'],
  engine: ['read', 'write', 'writev', 'fsync', 'readFile', 'writeFile'],
})
