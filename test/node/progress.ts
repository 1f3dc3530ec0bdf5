import type { TestResult, Variant } from './run-test.js'

/** Shows the progress of a variant: one line that is rewritten on a terminal, nothing elsewhere. */
export class Progress {
  readonly #stream: NodeJS.WriteStream
  readonly #total: number
  #done = 0
  #failed = 0

  constructor(stream: NodeJS.WriteStream, total: number) {
    this.#stream = stream
    this.#total = total
  }

  count(variant: Variant, { name, outcome }: TestResult): void {
    this.#done++
    if (outcome === 'fail') this.#failed++
    if (!this.#stream.isTTY) return
    const failed = this.#failed === 0 ? '' : `  ${this.#failed} failing`
    const line = `${variant.padEnd(7)} ${bar(this.#done / this.#total)} ${this.#done}/${this.#total}${failed}  ${name}`
    this.#stream.write(`\r\x1b[K${line.slice(0, this.#stream.columns - 1)}`)
  }

  clear(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\x1b[K')
  }
}

const BAR_WIDTH = 24

function bar(fraction: number): string {
  return '█'.repeat(Math.round(fraction * BAR_WIDTH)).padEnd(BAR_WIDTH, '░')
}
