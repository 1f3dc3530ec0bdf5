// @thorough
import { sameAsOnNode } from './client.js'

await sameAsOnNode({
  program: 'cacache',
  ways: ['import', 'patch'],
  engine: ['readFile', 'writeFile'],
  // Entries of the index, and the time of the last verification.
  unlike: /^cache\/(index-v5\/.*\/|_lastverified$)/,
})
