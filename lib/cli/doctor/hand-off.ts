/** Whether the loop waits for threads that are awake, and why not. */
import { loadBinding } from '../../backends/binding.js'
import { wantsHandOff } from '../../backends/native.js'

export interface HandOff {
  on: boolean
  /** that this process may run on */
  processors: number
  /** whose time its control group leaves it; null for all */
  quota: number | null
  /** false where `CAIO_HAND_OFF` is 0 */
  wanted: boolean
}

/** Null without the addon. */
export function findHandOff(): HandOff | null {
  try {
    const [processors, quota, enough] = loadBinding().processors()
    const wanted = wantsHandOff()
    return { on: enough && wanted, processors, quota: quota || null, wanted }
  } catch {
    return null
  }
}

/** In words. */
export function handOffText(found: HandOff | null): string {
  if (!found) return 'off: there is no addon'
  const { on, processors, quota, wanted } = found
  const here = quota === null ? `${processors} to run on` : `the time of ${quota} of ${processors}`
  if (on) return `on, with processors: ${here}`
  return wanted ? `off: it takes two processors, and there is ${here}` : 'off: CAIO_HAND_OFF is 0'
}
