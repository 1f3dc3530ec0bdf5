/** What O_DIRECT asks of a program: aligned memory, and to know that it is in force. */
import fs from 'node:fs';
const WASM_PAGE = 64 * 1024;
/** `count` buffers of `bytes` bytes each, every one at the start of a page: WebAssembly's memory is mapped by pages in every runtime. */
export function alignedBuffers(count, bytes) {
    const { buffer } = new WebAssembly.Memory({ initial: Math.ceil((count * bytes) / WASM_PAGE) });
    return Array.from({ length: count }, (_, index) => Buffer.from(buffer, index * bytes, bytes));
}
/** Whether this process has the file open with O_DIRECT: a runtime may have dropped the flag. True where /proc is not to be had. */
export function isOpenDirect(path, direct) {
    const real = fs.realpathSync(path);
    let descriptors;
    try {
        descriptors = fs.readdirSync('/proc/self/fd');
    }
    catch {
        return true;
    }
    return descriptors.some((fd) => {
        try {
            if (fs.readlinkSync(`/proc/self/fd/${fd}`) !== real)
                return false;
            const flags = /^flags:\s+(\d+)/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0';
            return (parseInt(flags, 8) & direct) !== 0;
        }
        catch {
            return false; // it has been closed meanwhile
        }
    });
}
