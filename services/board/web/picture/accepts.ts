/** What accept() takes out of a tank: the stream down to its processes, and the valve that is shut while nobody takes. */
import type { QueueView } from '#live/state.ts'
import { inSteps, set, svg } from '../page/dom.ts'
import type { Box, LaneLayout } from './layout.ts'

/** Below the tank: where the way to several processes parts. */
const FORK = 22

export class Accepts {
  /** From back to front. */
  readonly elements: readonly SVGElement[]
  readonly #stream: SVGPathElement
  readonly #valve: SVGPathElement

  constructor({ tank, processes }: LaneLayout) {
    const middle = tank.x + tank.w / 2
    const bottom = tank.y + tank.h
    const several = processes.length > 1
    const end = (processes[0]?.y ?? bottom) - 1
    this.#stream = svg('path', {
      class: 'accept-stream',
      d: `M${middle} ${bottom + 2}V${several ? bottom + FORK : end}`,
    })
    this.#valve = svg('path', { class: 'valve', d: `M${middle - 9} ${bottom + 3}h18` })
    const fork = several ? [svg('path', { class: 'fork', d: forkOf(middle, bottom, end, processes) })] : []
    this.elements = [this.#stream, ...fork, this.#valve]
  }

  draw({ state, stalled, acceptsPerSecond = 0 }: QueueView): void {
    const shut = stalled || state !== 'listening'
    set(this.#valve, 'visibility', shut ? 'visible' : 'hidden')
    const flow = shut ? 0 : (acceptsPerSecond ?? 0)
    set(this.#stream, 'stroke-width', flow > 0 ? inSteps(1.5 + Math.log10(1 + flow) * 1.6, 0.25) : 0)
  }
}

function forkOf(middle: number, bottom: number, end: number, processes: readonly Box[]): string {
  const y = bottom + FORK
  const middles = processes.map(({ x, w }) => x + w / 2)
  const [first = middle, last = first] = [middles[0], middles.at(-1)]
  return `M${Math.min(first, middle)} ${y}H${Math.max(last, middle)}${middles.map((x) => `M${x} ${y}V${end}`).join('')}`
}
