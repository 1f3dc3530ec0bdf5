import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseReports } from './engine-report.js';
import { type Backend, cleanEnvironment, type Setting } from './run-test.js';

/** The version of a Node binary, without the v. */
export function versionOf(node: string): string {
  const { status, stdout, error } = spawnSync(node, ['-p', 'process.versions.node'], {
    encoding: 'utf8',
    env: cleanEnvironment(process.env),
  });
  if (status !== 0) throw new Error(`${node} is no Node that runs: ${error?.message ?? `exit code ${status}`}`);
  return stdout.trim();
}

/**
 * Why there is no sense in running the tests on a backend: the preload cannot be loaded, or another backend answers.
 * One sentence instead of a hundred failing tests; undefined when all is well.
 */
export function backendTrouble({ node, preload, scratch }: Setting, backend: Backend): string | undefined {
  if (!existsSync(preload)) return `${preload} is not there: npm run build makes it`;
  const file = join(scratch, `preflight-${backend}`);
  const env = { ...cleanEnvironment(process.env), CAIO_IMPL: backend, CAIO_NODE_TESTS_REPORT: file };
  const { status, stdout, stderr } = spawnSync(node, ['--require', preload, '-e', ''], { encoding: 'utf8', env });
  if (status !== 0) return `the preload cannot be loaded:\n${stderr.trim()}`;
  const report = existsSync(file) ? parseReports(readFileSync(file, 'utf8'))[0] : undefined;
  if (report === undefined) return 'the preload wrote no report';
  if (report.backend !== backend) return `not available here: ${report.backend} answers\n${stderr.trim()}`.trim();
  if (stdout + stderr !== '') return `the preload prints, which tests of output would take for their own:\n${stdout}${stderr}`;
  return undefined;
}
