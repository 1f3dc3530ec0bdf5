/** Whether the hand-off is on, and by which ways. */
import { loadBinding } from '../../backends/binding.js'
import { wantsHandOff } from '../../backends/native.js'

export interface HandOff {
  /** false if `CAIO_HAND_OFF` is 0 */
  on: boolean
  /** whether a thread stays awake for the event loop; otherwise it works only on the loop's processor */
  awake: boolean
  /** processors that this process may run on */
  processors: number
  /** quota of processor time of its control groups, as a number of processors; null for no quota */
  quota: number | null
}

/** The state of the hand-off; null without the addon. */
export function findHandOff(): HandOff | null {
  try {
    const [processors, quota, enough] = loadBinding().processors()
    const on = wantsHandOff()
    return { on, awake: enough && on, processors, quota: quota || null }
  } catch {
    return null
  }
}

/** Describes the state of the hand-off. */
export function handOffText(found: HandOff | null): string {
  if (!found) return 'off: there is no addon'
  const { on, awake, processors, quota } = found
  const here = quota === null ? `${processors} to run on` : `the time of ${quota} of ${processors}`
  if (!on) return 'off: CAIO_HAND_OFF is 0'
  return awake ? `on, with processors: ${here}` : `on, but no thread stays awake: of processors there is ${here}`
}
