// @thorough
import { sameAsOnNode } from './client.js'

await sameAsOnNode({ program: 'lowdb', ways: ['import', 'patch'], engine: ['readFile', 'writeFile'] })
