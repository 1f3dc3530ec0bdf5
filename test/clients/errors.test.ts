// @thorough
import { sameAsOnNode } from './client.js'

await sameAsOnNode({
  program: 'errors',
  ways: ['import', 'patch', 'import callbacks'],
  engine: ['read', 'write', 'readFile', 'writeFile'],
})
