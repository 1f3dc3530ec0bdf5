/** What `caio bench` measures: a table of everyday work, and two sweeps. */
import fs from 'node:fs';
import { BLOCK } from '../sample-file.js';
import { bytes } from '../text.js';
export const groups = ['table', 'in-flight', 'block-size'];
const usual = { group: 'table', on: 'source', blockSize: BLOCK, cache: 'hot', direct: false, unit: 'op/s', longer: 1, harness: false };
/** @param size bytes of the large file */
function table(size) {
    const small = { ...usual, on: 'small', cache: 'any' };
    return [
        { ...usual, id: 'read-64', title: 'random 4 KiB fh.read, cached, 64 in flight', workload: 'randomReads', inFlight: 64, harness: true },
        { ...usual, id: 'read-1', title: 'random 4 KiB fh.read, cached, 1 in flight', workload: 'randomReads', inFlight: 1, harness: true },
        { ...usual, id: 'direct-64', title: 'random 4 KiB O_DIRECT fh.read, 64 in flight', workload: 'randomReads', inFlight: 64, direct: true, cache: 'any' },
        { ...usual, id: 'write-64', title: 'random 4 KiB buffered fh.write, 64 in flight', workload: 'randomWrites', on: 'scratch', inFlight: 64 },
        { ...usual, id: 'append-sync-1', title: 'append 4 KiB + datasync, 1 in flight', workload: 'syncedAppends', on: 'log', inFlight: 1, cache: 'any' },
        { ...usual, id: 'write-sync-64', title: '64 writers, each 4 KiB write + datasync, one file', workload: 'randomSyncedWrites', on: 'scratch', inFlight: 64 },
        { ...small, id: 'readfile-64', title: 'readFile 3 KB, 64 in flight', workload: 'readFiles', inFlight: 64 },
        { ...small, id: 'readfile-utf8-1', title: "readFile 3 KB 'utf8', 1 in flight", workload: 'readTextFiles', inFlight: 1 },
        { ...usual, id: 'readfile-large', title: `readFile ${bytes(size)}, 1 in flight`, workload: 'readWholeFile', inFlight: 1, unit: 'B/s', longer: 3 },
        { ...small, id: 'writefile-64', title: 'writeFile 3 KB over existing files, 64 in flight', workload: 'overwriteFiles', on: 'overwritten', inFlight: 64 },
        { ...usual, id: 'cold-4k-64', title: 'random 4 KiB fh.read, cold, 64 in flight', workload: 'randomReads', inFlight: 64, cache: 'cold' },
        { ...usual, id: 'cold-4m-8', title: 'random 4 MiB fh.read, cold, 8 in flight', workload: 'randomReads', inFlight: 8, blockSize: 1024 * BLOCK, cache: 'cold', unit: 'B/s' },
        { ...usual, id: 'busy-pool-1', title: "random 4 KiB fh.read, cached, 1 in flight, the runtime's pool full of pbkdf2", workload: 'readsBesideHashes', inFlight: 1, longer: 4 },
    ];
}
const sweptInFlight = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
const sweptBlocks = [1, 4, 16, 64, 256, 1024];
/** in flight, in the sweep of block sizes */
const SWEEP_IN_FLIGHT = 8;
function sweeps(quick) {
    const coarse = (values) => (quick ? values.filter((_, index) => index % 3 === 0) : values);
    const common = { ...usual, workload: 'randomReads', longer: 0.5 };
    return [
        ...coarse(sweptInFlight).map((inFlight) => {
            const title = `random 4 KiB fh.read, cached, ${inFlight} in flight`;
            return { ...common, id: `in-flight-${inFlight}`, group: 'in-flight', title, inFlight };
        }),
        ...coarse(sweptBlocks).map((blocks) => {
            const blockSize = blocks * BLOCK;
            const title = `random ${bytes(blockSize)} fh.read, cached, ${SWEEP_IN_FLIGHT} in flight`;
            const id = `block-size-${bytes(blockSize).replace(/ |iB/g, '').toLowerCase()}`;
            return { ...common, id, group: 'block-size', title, blockSize, inFlight: SWEEP_IN_FLIGHT, unit: 'B/s' };
        }),
    ];
}
/** @param quick fewer points in the sweeps */
export function allRows(size, quick) {
    return [...table(size), ...sweeps(quick)];
}
/** O_DIRECT, or why it cannot be had here. */
export function directFlag(constants = fs.constants) {
    return constants['O_DIRECT'];
}
