import t from 'tap'
import { debianArchives, machineArchives, parseDeb822, parseOneLineStyle } from './debian-sources.js'

const MIRROR = 'http://mirror.test/debian'

t.test('parseOneLineStyle', async (t) => {
  const text = [
    '# deb http://commented.test/debian bookworm main',
    '',
    `deb ${MIRROR} bookworm main contrib # the archive`,
    'deb [arch=amd64 signed-by=/etc/apt/keyrings/x.gpg] https://x.test/apt stable main',
    'deb-src cdrom:[Debian] bookworm main',
  ].join('\n')
  t.same(parseOneLineStyle(text).slice(0, 2), [
    { uri: MIRROR, suites: ['bookworm'], components: ['main', 'contrib'] },
    { uri: 'https://x.test/apt', suites: ['stable'], components: ['main'], signedBy: '/etc/apt/keyrings/x.gpg' },
  ])
})

t.test('parseDeb822', async (t) => {
  const text = [
    'Types: deb',
    '# a comment within',
    `URIs: ${MIRROR} http://second.test/debian`,
    'Suites: bookworm bookworm-updates',
    'Components: main',
    'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg',
    '',
    'Enabled: no',
    'URIs: http://off.test/debian',
    'Suites: bookworm',
    'Components: main',
    '',
    'URIs: http://keyed.test/debian',
    'Suites: sid',
    'Components: main',
    'Signed-By:',
    ' -----BEGIN PGP PUBLIC KEY BLOCK-----',
    ' .',
    ' abc',
  ].join('\n')
  const bookworm = {
    suites: ['bookworm', 'bookworm-updates'],
    components: ['main'],
    signedBy: '/usr/share/keyrings/debian-archive-keyring.gpg',
  }
  t.same(parseDeb822(text), [
    { uri: MIRROR, ...bookworm },
    { uri: 'http://second.test/debian', ...bookworm },
    {
      uri: 'http://keyed.test/debian',
      suites: ['sid'],
      components: ['main'],
      signedBy: '\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc',
    },
  ])
})

t.test("debianArchives keeps the archive proper, Debian's own key first, each place once", async (t) => {
  const entry = (uri: string, suite: string, component: string, signedBy?: string) => ({
    uri,
    suites: [suite],
    components: [component],
    ...(signedBy === undefined ? {} : { signedBy }),
  })
  const debian = '/usr/share/keyrings/debian-archive-keyring.gpg'
  t.same(
    debianArchives([
      entry('http://vendor.test/', 'stable', 'main'),
      entry('http://docker.test/', 'bookworm', 'stable'),
      entry('http://security.test/', 'bookworm-security', 'main', debian),
      entry('http://ubuntu.test/', 'noble', 'main'),
      entry(MIRROR, 'bookworm', 'main', debian),
      entry(MIRROR, 'trixie', 'main', debian),
    ]),
    [{ uri: MIRROR, signedBy: debian }, { uri: 'http://vendor.test/' }],
  )
})

t.test('machineArchives reads both kinds of file, and nothing where there is no apt', async (t) => {
  const etc = t.testdir({
    'sources.list': 'deb http://one.test/debian bookworm main\n',
    'sources.list.d': {
      'a.list': 'deb http://two.test/debian stable main\n',
      'b.sources': 'URIs: http://three.test/debian\nSuites: trixie\nComponents: main\n',
      'c.list.save': 'deb http://saved.test/debian bookworm main\n',
    },
  })
  t.same(
    machineArchives(etc).map(({ uri }) => new URL(uri).hostname),
    ['one.test', 'two.test', 'three.test'],
  )
  t.same(machineArchives(`${etc}/nowhere`), [])
})
