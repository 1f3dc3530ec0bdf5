/** What is measured, by name: loops over an fs/promises module, whoever made it. Each checks what it has moved. */
import { readsBesideHashes } from './busy-pool.js';
import { randomReads } from './reads.js';
import { overwriteFiles, readFiles, readTextFiles, readWholeFile } from './whole-files.js';
import { randomSyncedWrites, randomWrites, syncedAppends } from './writes.js';
export const workloads = {
    randomReads,
    randomWrites,
    randomSyncedWrites,
    syncedAppends,
    readFiles,
    readTextFiles,
    readWholeFile,
    overwriteFiles,
    readsBesideHashes,
};
