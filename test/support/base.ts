/** Directory for the files of tests. */
import { tmpdir } from 'node:os'

/**
 * Directory for temporary files: CAIO_TEST_DIR, or the system's. It must be on a disk, since tmpfs
 * hides bugs.
 */
export const base = process.env['CAIO_TEST_DIR'] ?? tmpdir()
