/** readFile and writeFile by path. */
import nodeFs from 'node:fs';
import { crc32 } from 'node:zlib';
import { SMALL_BYTES, loadChecksums, sampleText, smallFile } from '../sample-file.js';
import { shuffled } from './order.js';
import { UNLIMITED, mismatch } from './work.js';
function paths(directory) {
    const { length } = nodeFs.readdirSync(directory);
    return Array.from({ length }, (_, index) => smallFile(directory, index));
}
function smallReads(encoding) {
    return async (fs, { path, inFlight, subject }) => {
        const files = paths(path);
        const order = shuffled(files.length);
        const last = new Uint32Array(inFlight);
        let cursor = 0;
        return {
            lanes: inFlight,
            bytes: SMALL_BYTES,
            supply: UNLIMITED,
            renew() { },
            start(lane) {
                if (cursor === order.length)
                    cursor = 0;
                const file = order[cursor++];
                last[lane] = file;
                return encoding ? fs.readFile(files[file], encoding) : fs.readFile(files[file]);
            },
            // ASCII: as many characters as bytes.
            valid: (result) => result.length === SMALL_BYTES,
            verify(lane, result) {
                if (subject === 'harness')
                    return 0;
                const file = last[lane];
                if (String(result) !== sampleText(file))
                    mismatch(files[file]);
                return 1;
            },
            finish: async () => 0,
        };
    };
}
export const readFiles = smallReads(undefined);
export const readTextFiles = smallReads('utf8');
/** One large file, again and again. */
export async function readWholeFile(fs, { path, inFlight, checksums }) {
    const { whole } = loadChecksums(checksums);
    const { size } = nodeFs.statSync(path);
    return {
        lanes: inFlight,
        bytes: size,
        supply: UNLIMITED,
        renew() { },
        start: () => fs.readFile(path),
        valid: (result) => result.length === size,
        verify(_, result) {
            if (crc32(result) !== whole)
                mismatch(path);
            return 1;
        },
        finish: async () => 0,
    };
}
/** different contents, all of one length */
const CONTENTS = 16;
/** Files that exist, each with what is as long. Each lane has its own files, so that the last content of each is known. */
export async function overwriteFiles(fs, { path, inFlight }) {
    const files = paths(path);
    const lanes = Math.min(inFlight, files.length);
    const perLane = Math.floor(files.length / lanes);
    const contents = Array.from({ length: CONTENTS }, (_, index) => Buffer.from(sampleText(-1 - index)));
    /** which content each file has, -1 for what it had before */
    const has = new Int32Array(files.length).fill(-1);
    const turns = new Uint32Array(lanes);
    return {
        lanes,
        bytes: SMALL_BYTES,
        supply: UNLIMITED,
        renew() { },
        start(lane) {
            const turn = turns[lane];
            turns[lane] = turn + 1;
            const file = (turn % perLane) * lanes + lane;
            const content = (turn + lane) % CONTENTS;
            has[file] = content;
            return fs.writeFile(files[file], contents[content]);
        },
        valid: () => true,
        verify: () => 0,
        async finish() {
            let verified = 0;
            for (const [file, content] of has.entries()) {
                if (content < 0)
                    continue;
                if (!nodeFs.readFileSync(files[file]).equals(contents[content]))
                    mismatch(files[file]);
                verified++;
            }
            return verified;
        },
    };
}
