/** Writes a file by `caio/fs`, and prints the routes that served it. Arguments: a path, the content. */
import fs from '../../../compat/fs.js'
import { defaultContext } from '../../../lib/engine/default-context.js'

const [path = '', content = ''] = process.argv.slice(2)
await fs.writeFile(path, content)
console.log(JSON.stringify(defaultContext().stats().ways.writeFile))
