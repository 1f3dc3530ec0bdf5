// @thorough
import { sameAsOnNode } from './client.js'

await sameAsOnNode({ program: 'random-access-storage', ways: ['handed'], engine: ['read', 'write'] })
