// @thorough
import { sameAsOnNode } from './client.js'

await sameAsOnNode({ program: 'http', ways: ['import', 'patch', 'handed'], engine: ['read', 'writeFile'] })
