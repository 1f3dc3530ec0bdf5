// Part of the build: copies what the HTML report needs besides code into dist, so that users of the package need no uPlot.
import fs from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const target = join(here, '../../../dist/lib/cli/page')
const uplot = dirname(dirname(createRequire(import.meta.url).resolve('uplot')))

fs.mkdirSync(target, { recursive: true })
fs.copyFileSync(join(here, 'page.css'), join(target, 'page.css'))
for (const name of ['uPlot.iife.min.js', 'uPlot.min.css']) {
  fs.copyFileSync(join(uplot, 'dist', name), join(target, name))
}
fs.copyFileSync(join(uplot, 'LICENSE'), join(target, 'uPlot.LICENSE'))
