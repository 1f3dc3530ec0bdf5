import t from 'tap'
import { Unavailable, chooseSourceVersion } from './debian-download.js'
import type { Pin } from './pins.js'

const SHA256 = 'a'.repeat(64)
const pin: Pin = {
  version: '20.19.2',
  suite: 'trixie',
  debianSha256: SHA256,
  releaseSha256: '',
  expected: { promises: 1, wide: 1 },
}

function stanza(version: string, sha256: string): string {
  return [
    'Package: nodejs',
    `Version: ${version}`,
    'Checksums-Sha256:',
    ` ${'b'.repeat(64)} 4410 nodejs_${version}.dsc`,
    ` ${'c'.repeat(64)} 274900 nodejs_20.19.2+dfsg.orig-ada.tar.xz`,
    ` ${sha256} 19886184 nodejs_20.19.2+dfsg.orig.tar.xz`,
  ].join('\n')
}

t.test('the Debian version that holds the pinned one', async (t) => {
  const wanted = '20.19.2+dfsg-1+deb13u2'
  t.equal(chooseSourceVersion(`${stanza('24.1.0-1', 'd'.repeat(64))}\n\n${stanza(wanted, SHA256)}\n`, pin), wanted)
  t.equal(chooseSourceVersion(stanza('20.19.2-1', SHA256), pin), '20.19.2-1')
})

t.test('another version is for the next source to have', async (t) => {
  const index = stanza('20.19.20+dfsg-1', SHA256)
  t.throws(() => chooseSourceVersion(index, pin), {
    constructor: Unavailable,
    message: /trixie has nodejs 20\.19\.20\+dfsg-1/,
  })
  t.throws(() => chooseSourceVersion('', pin), { constructor: Unavailable, message: /trixie has no nodejs/ })
})

t.test('the same version with another checksum is refused', async (t) => {
  const index = stanza('20.19.2+dfsg-1', 'e'.repeat(64))
  t.throws(() => chooseSourceVersion(index, pin), { constructor: Error, message: /has the SHA-256 e{64}/ })
})
