import { agents } from './agents.js'
import { contexts } from './contexts.js'
import { packages } from './packages.js'
import { scenarios } from './scenarios.js'
import type { Scenario } from './scenarios.js'

/** All neighbours, by name. */
export const all: Readonly<Record<string, Scenario>> = { ...scenarios, ...packages, ...agents, ...contexts }
