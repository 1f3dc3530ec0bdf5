/** Random reads while the runtime's own thread pool has more to do than it can: what DNS look-ups and hashing do to a server. */
import { pbkdf2 } from 'node:crypto';
import { randomReads } from './reads.js';
/** Twice libuv's four threads: one waits for each that runs. */
const HASHES = 8;
const ITERATIONS = 100_000;
/** Keeps the pool full from now on; the function that it returns ends that, and resolves when the pool is empty. */
function occupyPool() {
    let going = true;
    const one = async () => {
        while (going) {
            await new Promise((resolve, reject) => {
                pbkdf2('a password', 'and salt', ITERATIONS, 64, 'sha512', (error) => (error ? reject(error) : resolve()));
            });
        }
    };
    const all = Array.from({ length: HASHES }, one);
    return async () => {
        going = false;
        await Promise.all(all);
    };
}
export async function readsBesideHashes(fs, task) {
    // Opened before: opening would wait, too.
    const reads = await randomReads(fs, task);
    const release = occupyPool();
    return {
        ...reads,
        sharesCpu: true,
        async finish() {
            await release();
            return reads.finish();
        },
    };
}
