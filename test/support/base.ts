/** Where tests make their files. */
import { tmpdir } from 'node:os'

/** Where temporary files go: tmpfs hides bugs, so CAIO_TEST_DIR or the system's directory must be on a disk. */
export const base = process.env['CAIO_TEST_DIR'] ?? tmpdir()
