/// <reference types="uplot" />
/** The plots of the HTML report, drawn by uPlot. Runs in the reader's browser, inlined in the page that bench/html.ts makes. */
import type { Lines, Numbers, PageData, Sweep } from './data.js'

const data = JSON.parse(document.getElementById('data')?.textContent ?? '') as PageData
const labels = new Map(data.contenders.map(({ id, label }) => [id, label]))

/** A custom property of page.css, in the current colour scheme. */
const token = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
/** A contender's colour; that of `preload-thread` is that of `preload`. */
const colour = (id: string): string => token(id) || token(id.split('-')[0] ?? '')
const FONT = '12px system-ui, sans-serif'

const isFio = (id: string): boolean => id.startsWith('fio')
/** Lines of caio are bold; those of fio, and of node with io_uring, are dashed. */
const isCaio = (id: string): boolean => /^(?:linux|thread|pure|uring|preload|callbacks)(?:-|$)/.test(id)
const dashes = (id: string): number[] => (isFio(id) ? [3, 4] : id === 'node-uring' ? [8, 5] : [])

function figure(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2
  return value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: digits })
}

/** A figure for axes, with as few digits as possible. */
const plain = (value: number): string =>
  Number(value.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 6 })

function count(value: number): string {
  if (value >= 1e6) return `${plain(value / 1e6)} M`
  return value >= 1e3 ? `${plain(value / 1e3)} k` : plain(value)
}

function duration(milliseconds: number): string {
  if (milliseconds < 1) return `${plain(milliseconds * 1000)} µs`
  return milliseconds < 1000 ? `${plain(milliseconds)} ms` : `${plain(milliseconds / 1000)} s`
}

const multiple = (value: number): string => `${plain(value)}×`

/** Formats a figure for a legend; a dash if there is none. */
const or =
  (format: (value: number) => string) =>
  (_: uPlot, value: number | null): string =>
    value === null || value === undefined ? '–' : format(value)

type Draw = (target: HTMLElement, width: number) => uPlot

function axis(options: uPlot.Axis): uPlot.Axis {
  const stroke = token('muted')
  const line = { stroke: token('line'), width: 1 }
  return { stroke, font: FONT, labelFont: FONT, grid: line, ticks: { ...line, size: 4 }, ...options }
}

/** A logarithmic axis: 1, 2 and 5 times each power of ten, or only the powers if there are many. */
function logAxis(format: (value: number) => string, options: uPlot.Axis): uPlot.Axis {
  return axis({
    ...options,
    splits: (_, __, min, max) => {
      const powers = Array.from({ length: 40 }, (_, index) => 10 ** (index - 20))
      const steps = Math.log10(max / min) > 3 ? [1] : [1, 2, 5]
      return powers
        .flatMap((power) => steps.map((step) => step * power))
        .filter((value) => value >= min && value <= max)
    },
    filter: (_, splits) => splits,
    values: (_, splits) => splits.map(format),
  })
}

/** A range with some room at both ends, on a logarithmic scale. */
function logRange(all: readonly Numbers[], air = 1.25): [number, number] {
  const numbers = all.flat().filter((value) => value !== null && value > 0) as number[]
  return numbers.length === 0 ? [1 / air, air] : [Math.min(...numbers) / air, Math.max(...numbers) * air]
}

/** Points of fio, and of node with io_uring, are hollow. */
const filling = (id: string): string => (isFio(id) || id === 'node-uring' ? token('surface') : colour(id))

/** A legend whose markers look like the points. The first series is x. */
function legend(ids: readonly string[]): uPlot.Legend {
  const id = (index: number): string => ids[index - 1] ?? ''
  return { markers: { width: 2, stroke: (_, index) => colour(id(index)), fill: (_, index) => filling(id(index)) } }
}

function lineSeries(id: string, format: (value: number) => string): uPlot.Series {
  const stroke = colour(id)
  return {
    label: labels.get(id) ?? id,
    stroke,
    width: isCaio(id) ? 2.5 : 1.5,
    dash: dashes(id),
    points: { show: true, size: isCaio(id) ? 7 : 5, fill: filling(id) },
    value: or(format),
  }
}

interface LinePlot {
  x: readonly number[]
  xAxis: uPlot.Axis
  xScale: uPlot.Scale
  lines: Lines
  /** from the slowest round to the fastest */
  bands?: Sweep['rate']
  format: (value: number) => string
  height: number
  /** Whether a legend names the lines and shows the figures at the pointer. */
  hasLegend?: boolean
}

function linePlot({ x, xAxis, xScale, lines, bands = {}, format, height, hasLegend = true }: LinePlot): Draw {
  return (target, width) => {
    const ids = Object.keys(lines)
    const columns: Numbers[] = ids.map((id) => lines[id] ?? [])
    const nameX = xAxis.values as (plot: uPlot, values: number[]) => string[]
    const series: uPlot.Series[] = [
      {
        label: typeof xAxis.label === 'string' ? xAxis.label : '',
        value: (plot, value) => (value === null ? '' : (nameX(plot, [value])[0] ?? '')),
      },
    ]
    for (const id of ids) series.push(lineSeries(id, format))
    const fills: uPlot.Band[] = []
    const edges = new Map<number, number>()
    for (const [index, id] of ids.entries()) {
      const band = bands[id]
      if (!band) continue
      const edge: uPlot.Series = { width: 0, points: { show: false }, class: 'edge' }
      series.push({ ...edge }, { ...edge })
      columns.push(band.max, band.min)
      fills.push({ series: [series.length - 2, series.length - 1], fill: `${colour(id)}1c` })
      edges.set(index + 1, series.length - 2)
    }
    return new uPlot(
      {
        width,
        height,
        cursor: { drag: { x: false, y: false }, points: { size: 9 } },
        scales: { x: xScale, y: { distr: 3, range: logRange(columns) } },
        axes: [axis(xAxis), logAxis(format, { size: 72 })],
        legend: { ...legend(ids), show: hasLegend },
        series,
        bands: fills,
        hooks: {
          // Hides a line's band together with the line.
          setSeries: [
            (plot, index, options) => {
              const first = index === null ? undefined : edges.get(index)
              if (first === undefined || options.show === undefined) return
              for (const edge of [first, first + 1]) plot.setSeries(edge, { show: options.show }, false)
            },
          ],
        },
      },
      [[...x], ...columns] as uPlot.AlignedData,
      target,
    )
  }
}

function drawSweep(sweep: Sweep, which: 'rate' | 'p99' | 'cpu'): Draw {
  const names = new Map(sweep.x.map((value, index) => [value, sweep.xNames[index] ?? '']))
  const [first = 1, last = 1] = [sweep.x[0], sweep.x.at(-1)]
  const xAxis: uPlot.Axis = {
    label: sweep.xLabel,
    labelSize: 22,
    size: 28,
    splits: () => sweep.x,
    filter: (_, splits) => splits,
    values: (_, splits) => splits.map((value) => names.get(value) ?? ''),
  }
  const xScale: uPlot.Scale = { time: false, distr: 3, log: 2, range: [first / 1.15, last * 1.15] }
  const rates = Object.fromEntries(Object.entries(sweep.rate).map(([id, { mid }]) => [id, mid]))
  const format = sweep.unit === 'op/s' ? count : (value: number): string => `${plain(value)} GB/s`
  const common = { x: sweep.x, xAxis, xScale }
  switch (which) {
    case 'rate':
      return linePlot({ ...common, lines: rates, bands: sweep.rate, format, height: 360 })
    case 'p99':
      return linePlot({ ...common, lines: sweep.p99, format: duration, height: 300 })
    case 'cpu':
      return linePlot({
        ...common,
        lines: sweep.cpu,
        format: (microseconds) => duration(microseconds / 1000),
        height: 300,
      })
  }
}

const PERCENTILES = ['p50', 'p95', 'p99', 'p99.9']

/** Without a legend: the table above the plot has names, colours and figures. */
function drawLatency(lines: Lines): Draw {
  const xAxis: uPlot.Axis = {
    size: 28,
    splits: () => [0, 1, 2, 3],
    values: (_, splits) => splits.map((at) => PERCENTILES[at] ?? ''),
  }
  const xScale: uPlot.Scale = { time: false, range: [-0.15, 3.15] }
  return linePlot({ x: [0, 1, 2, 3], xAxis, xScale, lines, format: duration, height: 220, hasLegend: false })
}

/** A line per workload with a dot per contender: multiples of node's figure, on a logarithmic scale. */
function drawOverview(lines: Lines): Draw {
  const { titles } = data.overview
  return (target, width) => {
    const ids = Object.keys(lines)
    const narrow = width < 720
    const names = narrow ? data.overview.ids : titles
    const [low, high] = logRange(Object.values(lines), 1.5)
    const series = ids.map((id): uPlot.Series => {
      const stroke = colour(id)
      const size = isCaio(id) ? 13 : 10
      return {
        label: labels.get(id) ?? id,
        stroke,
        paths: () => null,
        points: { show: true, size, width: 2, fill: filling(id), stroke },
        value: or((value) => `${figure(value)}×`),
      }
    })
    return new uPlot(
      {
        width,
        height: titles.length * 34 + 64,
        cursor: { drag: { x: false, y: false }, y: false, points: { show: false } },
        scales: {
          x: { time: false, ori: 1, dir: -1, range: [-0.6, titles.length - 0.4] },
          y: { ori: 0, dir: 1, distr: 3, range: [Math.min(low, 0.8), Math.max(high, 1.25)] },
        },
        axes: [
          axis({
            side: 3,
            size: narrow ? 120 : 400,
            splits: () => titles.map((_, index) => index),
            values: (_, splits) => splits.map((at) => names[at] ?? ''),
            stroke: token('ink'),
            ticks: { show: false },
          }),
          logAxis(multiple, { side: 2, size: 36 }),
        ],
        legend: legend(ids),
        series: [{ label: 'workload', value: (_, at) => (at === null ? '' : (titles[at] ?? '')) }, ...series],
        hooks: {
          // The line of node, with which everything is compared.
          drawAxes: [
            ({ ctx, bbox, valToPos }) => {
              ctx.save()
              ctx.fillStyle = token('muted')
              ctx.fillRect(valToPos(1, 'y', true) - 1, bbox.top, 2, bbox.height)
              ctx.restore()
            },
          ],
        },
      },
      [titles.map((_, index) => index), ...ids.map((id) => lines[id] ?? [])] as uPlot.AlignedData,
      target,
    )
  }
}

/** Draws into an element, again whenever its width or the colour scheme changes. */
function keepDrawn(element: HTMLElement, choose: () => Draw): () => void {
  let plot: uPlot | undefined
  let drawnAt = 0
  const redraw = (): void => {
    const hidden = plot?.series.map(({ show }) => show === false)
    plot?.destroy()
    drawnAt = element.clientWidth
    plot = choose()(element, drawnAt)
    for (const [index, hide] of (hidden ?? []).entries()) {
      if (hide && index < plot.series.length) plot.setSeries(index, { show: false })
    }
  }
  // Not in the observer's callback, since drawing changes the height.
  new ResizeObserver(() => requestAnimationFrame(() => element.clientWidth !== drawnAt && redraw())).observe(element)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw)
  redraw()
  return redraw
}

const elements = (selector: string): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(selector)]

for (const mark of elements('i[data-contender]')) {
  mark.style.setProperty('--color', colour(mark.dataset['contender'] ?? ''))
}

for (const element of elements('[data-overview]')) {
  const metric = (): string => document.querySelector<HTMLInputElement>('input[name=metric]:checked')?.value ?? ''
  const redraw = keepDrawn(element, () => drawOverview(data.overview.figures[metric()] ?? {}))
  for (const input of elements('input[name=metric]')) input.addEventListener('change', redraw)
}

for (const element of elements('[data-sweep]')) {
  const sweep = data.sweeps.find(({ group }) => group === element.dataset['sweep'])
  if (sweep) keepDrawn(element, () => drawSweep(sweep, element.dataset['figure'] as 'rate'))
}

for (const element of elements('[data-latency]')) {
  const found = data.latencies.find(({ id }) => id === element.dataset['latency'])
  if (found && Object.keys(found.lines).length > 0) keepDrawn(element, () => drawLatency(found.lines))
  else element.closest('figure')?.remove()
}
