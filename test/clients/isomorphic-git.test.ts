// @thorough
import { sameAsOnNode } from './client.js'

await sameAsOnNode({
  program: 'isomorphic-git',
  ways: ['handed', 'import'],
  engine: ['readFile', 'writeFile'],
  unlike: /^\.git\/index$/,
})
