// @thorough
import { sameAsOnNode } from './client.js'

await sameAsOnNode({
  program: 'random-access-file',
  ways: ['import callbacks', 'patch callbacks'],
  engine: ['read', 'write'],
})
