/** The time that a card has: what its questions may take together, each as much as those after it leave. */
import { setTimeout as sleep } from 'node:timers/promises'
import { monotonicMs } from '#common/clock.ts'
import { machineClock, Patience } from '#common/waiting.ts'

/** How long a card takes at most, from the command until the lab is gone, on a machine that has time. */
export const CARD_MS = 90_000
/** Of which the lab takes so much to start and to end. */
const LAB_MS = 4000
const READINGS = 5
const READ_EVERY_MS = 40

export class CardTime {
  readonly #beganMs = monotonicMs()
  readonly #crowd: number

  private constructor(crowd: number) {
    this.#crowd = crowd
  }

  /**
   * Begins now. How crowded the machine is counts as it is beforehand: what the server itself keeps busy, once it is asked,
   * makes the card no longer.
   */
  static async begin(crowd: () => number = machineClock.crowd): Promise<CardTime> {
    const readings: number[] = []
    while (readings.length < READINGS) {
      readings.push(crowd())
      await sleep(READ_EVERY_MS)
    }
    return new CardTime(Math.max(1, readings.toSorted((a, b) => a - b)[Math.floor(READINGS / 2)] ?? 1))
  }

  /** How long one question may take where those after it need `laterMs` together; it has ended where nothing is left. */
  patience(laterMs: number): Patience {
    const usedMs = (monotonicMs() - this.#beganMs) / this.#crowd
    const clock = { ...machineClock, crowd: () => this.#crowd }
    return new Patience(Math.max(0, CARD_MS - LAB_MS - usedMs - laterMs), clock)
  }
}
