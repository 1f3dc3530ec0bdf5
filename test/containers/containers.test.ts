/** The package as published, in containers like those of real programs. */
// @thorough
import fs from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { pack, prebuild, stagePackage } from '../package/packed.js'
import type { Stats } from 'caio'
import { runInContainer, whyNoContainers } from './container.js'

t.setTimeout(15 * 60_000)

/** Directory of the installation. */
const APP = '/opt/app'

/** Installs the tarball, without a network, and puts the suites beside it. */
const install = [
  'set -e',
  'export HOME=/tmp/home npm_config_update_notifier=false',
  `mkdir -p ${APP} $HOME && cd ${APP}`,
  `echo '{ "name": "app", "private": true, "type": "module" }' > package.json`,
  'npm install --offline --no-audit --no-fund /packed/*.tgz > /dev/null',
  'cp -r /kit/dist /kit/test .',
  'for each in /modules/node_modules/* ; do test -e node_modules/$(basename $each) || ln -s $each node_modules/; done',
].join('\n')

const asOther = 'setpriv --reuid 1000 --regid 1000 --clear-groups env HOME=/tmp/other'
/** A quick selection, on the addon alone. */
const suites = (who = ''): string =>
  `CAIO_TEST_BACKENDS=linux ${who} node dist/test/run.js operations/read.test operations/errors operations/truncated ` +
  'fs/contract/methods'
const program = (who = ''): string => `${who} node --require caio/register dist/test/containers/program.js /tmp`
const doctor = (directory: string): string => `node node_modules/caio/dist/lib/cli/main.js doctor ${directory} || true`

interface Told {
  backend: string
  found: string[]
  routes: Stats['routes']
}

/** The report of {@link program}, which is the last line. */
function told(t: Test, stdout: string, inline: boolean): void {
  const line = stdout.split('\n').findLast((each) => each.startsWith('{"backend"')) ?? '{}'
  const { backend, found, routes } = JSON.parse(line) as Partial<Told>
  t.equal(backend, 'linux', 'the addon serves')
  t.same(found, ['content', '7'])
  t.ok(!inline || (routes?.inline ?? 0) > 20, `is had at once: ${JSON.stringify(routes)}`)
}

const skip = whyNoContainers() ?? false
const packed = skip ? '' : stagePackage(t)
if (!skip) {
  prebuild(packed, `linux-${process.arch}`)
  pack(packed)
}

await t.test('root', { skip }, async (t) => {
  const script = [install, 'grep Seccomp: /proc/self/status', suites(), program(), doctor('/tmp')].join('\n')
  const { code, stdout, stderr } = await runInContainer({ packed }, script)
  t.equal(code, 0, `${stderr}${stdout}`)
  t.match(stdout, /^Seccomp:\s*2$/m, 'under a filter')
  t.match(stdout, /^\d{2,} passed, 0 failed$/m, 'the suites')
  told(t, stdout, true)
  t.match(stdout, /\/tmp: overlay on overlay/)
  t.match(stdout, /resident pages +served +read without a thread hop/)
  t.match(stdout, /^i \/tmp is on overlay, a container's own layer: /m)
})

await t.test('another user', { skip }, async (t) => {
  const { code, stdout, stderr } = await runInContainer(
    { packed },
    [install, `mkdir -p /tmp/other && chown 1000 /tmp/other`, suites(asOther), program(asOther)].join('\n'),
  )
  t.equal(code, 0, `${stderr}${stdout}`)
  t.match(stdout, /^\d{2,} passed, 0 failed$/m, 'the suites')
  told(t, stdout, true)
})

await t.test('a root that is only read, and a tmpfs', { skip }, async (t) => {
  const options = ['--read-only', '--read-only-tmpfs=false', '--tmpfs', '/tmp:exec,mode=1777,notmpcopyup']
  options.push('--tmpfs', '/opt:exec,mode=755,notmpcopyup')
  const script = [install, suites(), program(), doctor('/tmp'), doctor('/usr')].join('\n')
  const { code, stdout, stderr } = await runInContainer({ packed, options }, script)
  t.equal(code, 0, `${stderr}${stdout}`)
  t.match(stdout, /^\d{2,} passed, 0 failed$/m, 'the suites')
  told(t, stdout, true)
  t.match(stdout, /\/tmp: tmpfs on tmpfs/)
  t.match(stdout, /no file can be made in it: (?:EROFS|read-only)/)
})

await t.test('half a processor, and a volume', { skip }, async (t) => {
  const volume = fs.mkdtempSync(join(packed, 'volume-'))
  const options = ['--cpus', '0.5', '-v', `${volume}:/volume`]
  const script = [install, program(), doctor('/volume')].join('\n')
  const { code, stdout, stderr } = await runInContainer({ packed, options }, script)
  t.equal(code, 0, `${stderr}${stdout}`)
  told(t, stdout, true)
  t.match(stdout, /hand-off +on, but no thread stays awake: of processors there is the time of 0\.5 of /)
  t.match(stdout, /\/volume: \w+ on \/dev\//)
})

const tree = fs.existsSync(process.env['CAIO_CACHE_DIR'] ?? join(homedir(), '.cache/caio'))

await t.test("Node's own tests", { skip: skip || (!tree && "there is no copy of Node's source tree") }, async (t) => {
  const filter = 'parallel/test-fs-promises-(readfile|writefile|file-handle-(read|stat|write|close))'
  const script = `cd /kit && node dist/test/node/main.js --backend linux --filter '${filter}'`
  const { code, stdout, stderr } = await runInContainer({ packed }, script)
  t.equal(code, 0, `${stderr}${stdout}`)
  t.comment(`counted: ${stdout.trim().split('\n').at(-1) ?? ''}`)
})
