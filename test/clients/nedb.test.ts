// @thorough
import { sameAsOnNode } from './client.js'

await sameAsOnNode({ program: 'nedb', ways: ['import', 'patch'], engine: ['fsync'] })
