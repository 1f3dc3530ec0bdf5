/** The port between the harness and the workloads: what measure.ts asks of each. */
/** As many as fit in a small integer of V8: more than can be done in any pass. */
export const UNLIMITED = 2 ** 30;
export function mismatch(what) {
    throw new Error(`${what} is not what was written`);
}
