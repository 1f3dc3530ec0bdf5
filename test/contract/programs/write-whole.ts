/** Writes a file by the engine, and says whether Node is asked to do it instead. Arguments: a path, the content. */
import { plainWrite, writeWhole } from '../../../compat/paths/whole-file.js'

const [path = '', content = ''] = process.argv.slice(2)
const plain = plainWrite(path, content, undefined, 'w')
console.log((plain && (await writeWhole(plain, async () => 'left to Node'))) ?? 'written')
