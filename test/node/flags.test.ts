import t from 'tap'
import { forbidsAddons, parseFlags } from './flags.js'

t.test("parseFlags reads the first Flags comment, as Node's runner does", async (t) => {
  const table: [source: string, flags: string[]][] = [
    ['', []],
    ["'use strict';\n// Flags: --expose-gc --no-warnings\n", ['--expose-gc', '--no-warnings']],
    ['// Flags:   --a\t --b=c d  \r\n', ['--a', '--b=c', 'd']],
    ['// Flags:\n', []],
    ['// Flags: --first\n// Flags: --second\n', ['--first']],
    ['//Flags: --no-space-before\n', []],
    ['// flags: --lower\n', []],
    ['code(); // Flags: --behind-code\n', ['--behind-code']],
  ]
  for (const [source, flags] of table) t.same(parseFlags(source), flags, JSON.stringify(source))
})

t.test('forbidsAddons knows the permission model', async (t) => {
  const table: [flags: string[], forbids: boolean][] = [
    [[], false],
    [['--expose-gc'], false],
    [['--permission'], true],
    [['--experimental-permission', '--allow-fs-read=*'], true],
    [['--permission', '--allow-addons'], false],
    [['--allow-addons'], false],
  ]
  for (const [flags, forbids] of table) t.equal(forbidsAddons(flags), forbids, flags.join(' '))
})
