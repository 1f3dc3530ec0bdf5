/**
 * Preloaded into each of Node's tests with `--require`: puts the shim under the test and, as the process or the worker
 * ends, appends to the file CAIO_NODE_TESTS_REPORT names one line of JSON: which backend served, and how much.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import 'caio/register';
import { defaultContext } from 'caio';
import type { EngineReport } from './engine-report.js';

// Tests replace functions of fs. So the imported bindings are copied at once (they are live: `syncBuiltinESMExports`
// changes them), and only those are used that call nothing else of fs: `appendFileSync` would go through the patched ones.
const [open, write, close] = [openSync, writeSync, closeSync];

const file = process.env['CAIO_NODE_TESTS_REPORT'];
if (file !== undefined) {
  process.on('exit', () => {
    try {
      append(file);
    } catch {
      // A test under --permission may not write here. What it does is what counts; the runner sees that no report came.
    }
  });
}

function append(path: string): void {
  const { backend, operations } = defaultContext().stats();
  const report: EngineReport = { backend, operations };
  const fd = open(path, 'a'); // one short write to a file opened for appending: processes of one test do not mix lines
  write(fd, `${JSON.stringify(report)}\n`);
  close(fd);
}
