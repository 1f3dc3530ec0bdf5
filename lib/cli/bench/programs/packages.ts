/** The programs that can run with the packages found from a directory. */
import fs from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { programOf, programs } from './all.js'
import { npmPackages } from './own-npm.js'
import { UsageError } from '../../usage-error.js'
import type { Package } from './program.js'

/** A program that can run, and its packages: `glob 13.0.7`. */
export interface Found {
  id: string
  packages: string[]
}

export interface Choice {
  found: Found[]
  /** programs that cannot run, and were asked for or not excluded */
  missing: { id: string; reason: string }[]
}

/** Version of the package that a module in the directory would load; undefined if there is none. */
function versionOf({ name, comesWithNode }: Package, directory: string): string | undefined {
  const places = createRequire(join(directory, 'package.json')).resolve.paths(name) ?? []
  if (comesWithNode) places.push(npmPackages(process.execPath))
  for (const place of places) {
    try {
      const text = fs.readFileSync(join(place, name, 'package.json'), 'utf8')
      return (JSON.parse(text) as { version?: string }).version ?? '0'
    } catch {
      // not in this directory
    }
  }
  return undefined
}

/** Why a package does not serve; undefined if it does. */
function whyNot(
  { name, since, before = Infinity }: Package,
  version: string | undefined,
  directory: string,
): string | undefined {
  if (version === undefined) return `not found from ${directory}`
  const major = parseInt(version)
  if (major >= since && major < before) return undefined
  const needed = major < since ? `${since} or later` : `a version before ${before}`
  return `${name} ${version} is found from ${directory}, and ${needed} is needed`
}

/**
 * Chooses the programs to run.
 * @param names ids of programs, undefined for all
 * @throws {UsageError} for an unknown name
 */
export function choosePrograms(names: readonly string[] | undefined, directory: string): Choice {
  const ids = Object.keys(programs)
  const unknown = names?.find((name) => !ids.includes(name))
  if (unknown !== undefined) throw new UsageError(`no such program: ${unknown} (there are ${ids.join(', ')})`)
  const choice: Choice = { found: [], missing: [] }
  for (const id of ids.filter((id) => names?.includes(id) ?? true)) {
    const needed = programOf(id).packages.map((each) => ({
      ...each,
      version: versionOf(each, resolve(directory)),
    }))
    const reason = needed.map((each) => whyNot(each, each.version, directory)).find((why) => why !== undefined)
    if (reason !== undefined) choice.missing.push({ id, reason })
    else choice.found.push({ id, packages: needed.map(({ name, version }) => `${name} ${version}`) })
  }
  return choice
}
