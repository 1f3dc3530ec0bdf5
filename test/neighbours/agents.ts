/**
 * Agents that record a program's file operations. They are large, and found in the directory
 * CAIO_TEST_NEIGHBOURS.
 */
import diagnostics from 'node:diagnostics_channel'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import type { Scenario } from './scenarios.js'
import { told, walk } from './walk.js'

/** Requires a module as a program in that directory does. */
function required(name: string): unknown {
  return createRequire(join(process.env['CAIO_TEST_NEIGHBOURS'] ?? '', 'main.js'))(name)
}

interface Span {
  name: string
  status: object
}

interface Tracer {
  startActiveSpan(name: string, act: (span: { end(): void }) => unknown): Promise<unknown>
}

let traced: Tracer | undefined

/** Uses the methods of a handle, which agents wrap on its class. */
async function useHandle(directory: string): Promise<unknown> {
  const path = join(directory, 'handle')
  const handle = await fs.promises.open(path, 'w+')
  return told({
    writeFile: () => handle.writeFile('one\ntwo\n'),
    read: () => handle.read(Buffer.alloc(3), 0, 3, 0),
    stat: () => handle.stat(),
    truncate: () => handle.truncate(6),
    sync: () => handle.sync(),
    readLines: async () => {
      const lines = []
      for await (const line of handle.readLines({ start: 0, autoClose: false })) lines.push(line)
      return lines
    },
    'createReadStream, with what is left': () => handle.createReadStream({ autoClose: false }).destroyed,
    close: () => handle.close(),
    unlink: () => fs.promises.unlink(path),
  })
}

/** Ignores synchronous reads, which loading caio may cause; parallel operations end in any order. */
const recorded = (log: unknown[], ...entry: unknown[]): void => {
  if (!/\w+Sync\b/.test(String(entry[0]))) log.push(entry.join(' '))
}

function comeDatadog(_: string, log: unknown[]): void {
  const off = ['STARTUP_LOGS', 'TELEMETRY_ENABLED', 'DEBUG'].map((name) => [`DD_TRACE_${name}`, 'false'])
  Object.assign(process.env, Object.fromEntries(off), {
    DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
    DD_REMOTE_CONFIGURATION_ENABLED: 'false',
  })
  const tracer = required('dd-trace') as { init(options: object): void; use(name: string): void }
  tracer.init({ plugins: false, url: 'http://127.0.0.1:1' })
  tracer.use('fs')
  required('fs')
  for (const event of ['start', 'finish', 'error']) {
    diagnostics.subscribe(`apm:fs:operation:${event}`, (message) => {
      const { operation, path } = message as { operation: string; path?: unknown }
      recorded(log, operation, event, typeof path === 'string' ? basename(path) : '')
    })
  }
}

function comeOpenTelemetry(_: string, log: unknown[]): void {
  const { trace, context } = required('@opentelemetry/api') as {
    trace: { setGlobalTracerProvider(provider: unknown): void; getTracer(name: string): Tracer }
    context: { setGlobalContextManager(manager: unknown): void }
  }
  const { AsyncLocalStorageContextManager } = required('@opentelemetry/context-async-hooks') as {
    AsyncLocalStorageContextManager: new () => { enable(): unknown }
  }
  const { BasicTracerProvider } = required('@opentelemetry/sdk-trace-base') as {
    BasicTracerProvider: new (options: object) => object
  }
  const { FsInstrumentation } = required('@opentelemetry/instrumentation-fs') as {
    FsInstrumentation: new (options: object) => { setTracerProvider(provider: unknown): void; enable(): void }
  }
  const nothing = async (): Promise<void> => undefined
  const onEnd = ({ name, status }: Span): void => recorded(log, name, JSON.stringify(status))
  const spanProcessors = [{ onStart: () => undefined, onEnd, forceFlush: nothing, shutdown: nothing }]
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const provider = new BasicTracerProvider({ spanProcessors })
  trace.setGlobalTracerProvider(provider)
  const instrumentation = new FsInstrumentation({ requireParentSpan: true })
  instrumentation.setTracerProvider(provider)
  instrumentation.enable()
  required('fs')
  required('fs/promises')
  traced = trace.getTracer('test')
}

export const agents: Readonly<Record<string, Scenario>> = {
  OpenTelemetry: {
    needs: ['@opentelemetry/instrumentation-fs', '@opentelemetry/sdk-trace-base', '@opentelemetry/context-async-hooks'],
    come: comeOpenTelemetry,
    act: (directory) =>
      (traced as Tracer).startActiveSpan('all', async (span) => {
        const outcome = [await useHandle(directory), await walk(fs, directory)]
        span.end()
        return outcome
      }),
    seesInAnyOrder: true,
  },
  'dd-trace': {
    needs: ['dd-trace'],
    come: comeDatadog,
    async act(directory) {
      // The agent looks at the class once the first handle has been opened.
      await (await fs.promises.open(directory)).close()
      return [await useHandle(directory), await useHandle(directory)]
    },
    endsAtOnce: true,
  },
  'dd-trace, of all': {
    needs: ['dd-trace'],
    come: (directory, log) =>
      // Without the handles that Node's own functions open for themselves.
      comeDatadog(directory, { push: (entry: string) => entry.startsWith('filehandle.') || log.push(entry) } as never),
    seesInAnyOrder: true,
    endsAtOnce: true,
  },
}
