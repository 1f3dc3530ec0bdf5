/** Plain text for a terminal: a table and a progress bar. */

/** Columns aligned; the first to the left, the rest to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)))
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')
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

  /** @param done parts of the total, fractions allowed */
  show(done: number, step: string): void {
    this.#done = Math.min(done, this.#total)
    if (this.#out.isTTY) {
      const filled = Math.round((this.#done / this.#total) * WIDTH)
      const percent = `${Math.floor((this.#done / this.#total) * 100)}%`.padStart(4)
      this.#out.write(`\r\x1b[K${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${percent}  ${step}`)
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
