import { runContract } from './run-contract.js'

await runContract('linux')
