/** What is done when all promises are settled comes after all that follows from the last of them. */
import t from 'tap'
import { isNext, untilOthersAreOver, whenAllAreSettled } from '../../../lib/common/one-at-a-time.js'

t.test('promises that are settled together, and one that is settled after them', async (t) => {
  const log: string[] = []
  /** Continues for a while, and defers something. */
  const follow = async (name: string, settled: Promise<void>): Promise<void> => {
    await settled
    for (let at = 0; at < 3; at++) {
      log.push(name)
      await null
    }
    process.nextTick(() => log.push(name))
  }
  const settled = async (): Promise<void> => {
    if (!isNext()) await untilOthersAreOver()
  }
  const later = new Promise<void>((resolve) => whenAllAreSettled(resolve))
  await Promise.all([follow('c', later), follow('a', settled()), follow('b', settled())])
  await new Promise((resolve) => setImmediate(resolve))
  t.equal(log.join(''), 'aaaabbbbcccc')
})
