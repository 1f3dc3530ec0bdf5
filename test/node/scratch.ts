import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from './source-tree.js';

const TMPFS_MAGIC = 0x01021994; // linux/magic.h

/**
 * A new folder for the tests to work in, on a real disk where there is one: tmpfs refuses kernel AIO's NOWAIT, so there
 * the `linux` backend would not be what is tested.
 */
export function makeScratch(): string {
  mkdirSync(cacheFolder(), { recursive: true });
  const places = [tmpdir(), cacheFolder(), '/var/tmp'];
  const place = places.find((folder) => !isTmpfs(folder)) ?? tmpdir();
  return mkdtempSync(join(place, 'caio-node-tests-'));
}

function isTmpfs(folder: string): boolean {
  try {
    return statfsSync(folder).type === TMPFS_MAGIC;
  } catch {
    return true; // not there: not a place to work in either
  }
}

export function removeScratch(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
