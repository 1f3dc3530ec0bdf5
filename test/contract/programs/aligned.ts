/** Aligned buffers without the addon: disjoint, zeroed, and refused if the alignment cannot be checked. */
import { alignedBuffer, defaultContext } from 'caio'

const sizes = [1, 4096, 10_000, 300_000, 4096, 2_000_000, ...Array<number>(300).fill(8192)]
const buffers = sizes.map((size) => alignedBuffer(size))
for (const [index, buffer] of buffers.entries()) buffer.fill((index % 255) + 1)
const apart = buffers.every(
  (buffer, index) => buffer.length === sizes[index] && buffer.every((byte) => byte === (index % 255) + 1),
)
let refused = ''
try {
  alignedBuffer(1, 8192)
} catch (error) {
  refused = (error as NodeJS.ErrnoException).code ?? ''
}
console.log(
  defaultContext().backend === 'pure',
  apart,
  buffers.every(({ byteOffset }) => byteOffset % 4096 === 0),
  refused,
)
