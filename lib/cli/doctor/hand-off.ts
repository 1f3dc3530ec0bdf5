/** Whether the hand-off is on, and why not. */
import { loadBinding } from '../../backends/binding.js'
import { wantsHandOff } from '../../backends/native.js'

export interface HandOff {
  on: boolean
  /** processors that this process may run on */
  processors: number
  /** quota of processor time of its control groups, as a number of processors; null for no quota */
  quota: number | null
  /** false if `CAIO_HAND_OFF` is 0 */
  wanted: boolean
}

/** The state of the hand-off; null without the addon. */
export function findHandOff(): HandOff | null {
  try {
    const [processors, quota, enough] = loadBinding().processors()
    const wanted = wantsHandOff()
    return { on: enough && wanted, processors, quota: quota || null, wanted }
  } catch {
    return null
  }
}

/** Describes the state of the hand-off. */
export function handOffText(found: HandOff | null): string {
  if (!found) return 'off: there is no addon'
  const { on, processors, quota, wanted } = found
  const here = quota === null ? `${processors} to run on` : `the time of ${quota} of ${processors}`
  if (on) return `on, with processors: ${here}`
  return wanted ? `off: it takes two processors, and there is ${here}` : 'off: CAIO_HAND_OFF is 0'
}
