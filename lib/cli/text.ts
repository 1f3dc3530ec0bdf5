/** Plain text for a terminal: a table and a progress bar. */

export const firstLine = (text: string): string => text.split('\n')[0] ?? ''

export const longest = (texts: readonly string[]): string => texts.reduce((a, b) => (b.length > a.length ? b : a), '')

/** A line with its columns aligned: the first to the left, the rest to the right. */
function aligned(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
    .join('  ')
}

function widest(head: readonly string[], rows: readonly (readonly string[])[]): number[] {
  return head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)))
}

const heading = (head: readonly string[], widths: readonly number[]): string =>
  `${aligned(head, widths)}\n${widths.map((width) => '─'.repeat(width)).join('──')}`

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = widest(head, rows)
  return [heading(head, widths), ...rows.map((row) => aligned(row, widths))].join('\n')
}

/** A table whose lines are written as they are added. */
export class GrowingTable {
  readonly #head: readonly string[]
  readonly #widths: readonly number[]
  readonly #write: (text: string) => void
  #begun = false

  /** @param sample a line whose cells have their greatest width */
  constructor(head: readonly string[], sample: readonly string[], write: (text: string) => void) {
    this.#head = head
    this.#widths = widest(head, [sample])
    this.#write = write
  }

  /** Adds a line. A single cell is a heading across the columns. */
  add(...cells: string[]): void {
    if (!this.#begun) this.#write(`\n${heading(this.#head, this.#widths)}`)
    this.#begun = true
    this.#write(cells.length === 1 ? (cells[0] as string) : aligned(cells, this.#widths))
  }
}

const WIDTH = 24

/** A progress bar on one line of a terminal; otherwise a line per step. */
export class Progress {
  readonly #total: number
  readonly #out: NodeJS.WriteStream
  #done = 0
  #lastStep = ''

  constructor(total: number, out: NodeJS.WriteStream = process.stderr) {
    this.#total = total
    this.#out = out
  }

  /**
   * @param done parts of the total, fractions allowed
   * @param detail shown after the step, on a terminal only
   */
  show(done: number, step: string, detail = ''): void {
    this.#done = Math.min(done, this.#total)
    if (this.#out.isTTY) {
      const filled = Math.round((this.#done / this.#total) * WIDTH)
      const percent = `${Math.floor((this.#done / this.#total) * 100)}%`.padStart(4)
      const line = `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${percent}  ${step}${detail}`
      // A line that wraps could not be overwritten.
      this.#out.write(`\r\x1b[K${line.slice(0, this.#out.columns - 1)}`)
    } else if (step !== this.#lastStep) {
      this.#out.write(`[${Math.floor(this.#done)}/${this.#total}] ${step}\n`)
    }
    this.#lastStep = step
  }

  end(): void {
    if (this.#out.isTTY) this.#out.write('\r\x1b[K')
  }
}

/** 1,234,567 or 12.3: at least three digits, without meaningless decimals. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '-'
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2
  return value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: digits })
}

/** 4 KiB, 512 MiB, 1.50 GiB: decimals only for a fraction. */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let unit = 0
  while (count >= 1024 && unit < units.length - 1) {
    count /= 1024
    unit++
  }
  return `${Number.isInteger(count) ? count : figure(count)} ${units[unit]}`
}
