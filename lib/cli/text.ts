/** Plain text for a terminal: a table and a progress bar. */

/**
 * Columns aligned; the first to the left, the rest to the right.
 * @param spanning a row of a single cell is a heading that may reach across the columns
 */
export function table(head: readonly string[], rows: readonly (readonly string[])[], spanning = false): string {
  const measured = spanning ? rows.filter(({ length }) => length > 1) : rows
  const widths = head.map((title, column) =>
    Math.max(title.length, ...measured.map((row) => (row[column] ?? '').length)),
  )
  const line = (row: readonly string[]): string =>
    spanning && row.length === 1
      ? (row[0] ?? '')
      : row
          .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
          .join('  ')
  return [line(head), widths.map((width) => '─'.repeat(width)).join('──'), ...rows.map(line)].join('\n')
}

const WIDTH = 24

/** A bar on one line of a terminal, or a line a step where the output goes elsewhere. */
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
   * @param detail follows the step where the line is written over again and again
   */
  show(done: number, step: string, detail = ''): void {
    this.#done = Math.min(done, this.#total)
    if (this.#out.isTTY) {
      const filled = Math.round((this.#done / this.#total) * WIDTH)
      const percent = `${Math.floor((this.#done / this.#total) * 100)}%`.padStart(4)
      const line = `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${percent}  ${step}${detail}`
      // A line that wraps could not be written over.
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

/** 1,234,567 or 12.3: three digits at least, no more than mean something. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '-'
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2
  return value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: digits })
}

/** 4 KiB, 512 MiB, 1.50 GiB: a whole number where it is one. */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let unit = 0
  while (count >= 1024 && unit < units.length - 1) {
    count /= 1024
    unit++
  }
  return `${Number.isInteger(count) ? count : figure(count)} ${units[unit]}`
}
