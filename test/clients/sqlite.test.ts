// @thorough
import { sameAsOnNode } from './client.js'

// A journal begins with a random number.
await sameAsOnNode({ program: 'sqlite', ways: ['handed'], engine: ['read', 'write', 'fsync'], unlike: /-journal$/ })
