/** The files that a run works on, and the checksums by which their blocks are known. Made and read with plain node:fs. */
import fs from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
export const BLOCK = 4096;
const CHUNK = 4 * 1024 * 1024;
/** bytes of a small file */
export const SMALL_BYTES = 3 * 1024;
/** Fills `block` with bytes that depend on `seed` alone, none of them repeating nearby. */
export function fillBlock(block, seed) {
    let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
    for (let at = 0; at < block.length; at++) {
        // xorshift32
        state ^= state << 13;
        state >>>= 0;
        state ^= state >>> 17;
        state ^= state << 5;
        state >>>= 0;
        block[at] = state;
    }
}
/** Makes a file of `blocks` blocks, on the disk when this returns. */
export function makeSampleFile(path, blocks, report) {
    const fd = fs.openSync(path, 'w');
    const chunk = Buffer.alloc(CHUNK);
    const words = new Uint32Array(chunk.buffer, chunk.byteOffset, CHUNK / 4);
    try {
        for (let block = 0; block < blocks;) {
            const count = Math.min(CHUNK / BLOCK, blocks - block);
            for (let at = 0; at < count; at++, block++)
                fillBlock(words.subarray((at * BLOCK) / 4, ((at + 1) * BLOCK) / 4), block);
            fs.writeSync(fd, chunk, 0, count * BLOCK);
            report(block / blocks);
        }
        fs.fsyncSync(fd);
    }
    finally {
        fs.closeSync(fd);
    }
}
/** Reading it leaves the file in the page cache. */
export function checksums(path) {
    const fd = fs.openSync(path, 'r');
    try {
        const blocks = new Uint32Array(Math.floor(fs.fstatSync(fd).size / BLOCK));
        const chunk = Buffer.alloc(CHUNK);
        let whole = 0;
        let block = 0;
        for (let read; (read = fs.readSync(fd, chunk, 0, CHUNK, null)) > 0;) {
            whole = crc32(chunk.subarray(0, read), whole);
            for (let at = 0; at + BLOCK <= read; at += BLOCK)
                blocks[block++] = crc32(chunk.subarray(at, at + BLOCK));
        }
        return { blocks, whole };
    }
    finally {
        fs.closeSync(fd);
    }
}
/** In a file, so that every process of a run has them without computing them. */
export function saveChecksums(path, { blocks, whole }) {
    const words = new Uint32Array(1 + blocks.length);
    words[0] = whole;
    words.set(blocks, 1);
    fs.writeFileSync(path, new Uint8Array(words.buffer));
}
export function loadChecksums(path) {
    const bytes = fs.readFileSync(path);
    const words = new Uint32Array(bytes.length / 4);
    new Uint8Array(words.buffer).set(bytes);
    return { whole: words[0], blocks: words.subarray(1) };
}
/** The content of the small file number `seed`: lines of ASCII text. */
export function sampleText(seed) {
    const words = new Uint32Array(SMALL_BYTES / 8);
    fillBlock(words, seed);
    let text = '';
    for (const [at, word] of words.entries())
        text += word.toString(16).padStart(8, '0').slice(1) + (at % 10 === 9 ? '\n' : ' ');
    return text;
}
export const smallFile = (directory, index) => join(directory, `${index}.txt`);
/** Makes a directory of `count` small files. */
export function makeSmallFiles(directory, count) {
    fs.mkdirSync(directory);
    for (let index = 0; index < count; index++)
        fs.writeFileSync(smallFile(directory, index), sampleText(index));
}
