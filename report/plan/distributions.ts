import { percent, UNKNOWN } from '#common/quantities.ts'
import type { Judgement, QuantileCurve } from '#planner/answer.ts'
import { columnsOf, measure, scrolling } from '../figure.ts'
import { type Html, html } from '../html.ts'
import { largest } from '../lane.ts'
import { percentileAxis, stepsOfPercentiles, valuesToTell } from '../percentiles.ts'
import { type Curve, percentilePlot } from '../plots/percentile-plot.ts'
import { axis } from '../plots/scales.ts'
import { duration } from '../quantities.ts'
import { PREDICTED } from './colours.ts'

/** Below a second no SYN was lost: differences there come from the machine. */
const A_STEP_MS = 1000
/** Two ticks at 250 Hz: an accept wait is not more accurate than that. */
const TWO_TICKS_MS = 8

/** What the clients saw: times to connect and accept waits, predicted and measured. */
export const distributions = ({ connectMs, acceptWaitMs, played: { connections } }: Judgement): Html =>
  html`${distribution(connectMs, connections, {
    title: 'Time to connect',
    meaning:
      'From the SYN to the SYN-ACK, for connections that were established. A dropped SYN is retransmitted after a second or more: a step in a curve is the share of connections that lost one.',
    leastMs: A_STEP_MS,
  })}${distribution(acceptWaitMs, connections, {
    title: 'Accept wait',
    meaning:
      'How long a completed connection waited for accept(), for connections that were accepted. The kernel reports it in ticks: 4 ms at HZ = 250.',
    leastMs: TWO_TICKS_MS,
  })}`

interface Described {
  title: string
  meaning: string
  /** The axis reaches at least this far. */
  leastMs: number
}

function distribution(
  { shares, predicted, measured }: QuantileCurve,
  connections: number,
  { title, meaning, leastMs }: Described,
): Html | undefined {
  const curves: Curve[] = [
    { name: 'measured', colour: 'water' as const, steps: stepsOfPercentiles(shares, measured) },
    { name: 'predicted', colour: PREDICTED, dashed: true, steps: stepsOfPercentiles(shares, predicted) },
  ].filter(({ steps }) => steps.length > 0)
  const most = largest(
    curves.map(({ steps }) => steps.at(-1)!.v),
    leastMs,
  )
  const ends = [predicted, measured].some((values) => values.at(-1) === null)
  return measure({
    title,
    meaning: `${meaning} By percentile: each further nine takes the same width. Shaded: only the slowest measured connection.${ends ? ' A curve ends early if the rest of the connections never got that far.' : ''}`,
    rows: [
      [
        {
          label: '',
          legend: curves.toReversed().map(({ name, colour, dashed }) => ({ name, colour, dashed })),
          plot: percentilePlot({
            title: `${title}, predicted and measured`,
            curves,
            height: 190,
            columns: columnsOf(2),
            axis: axis(1.05 * most, 'ms'),
            percentiles: percentileAxis(connections),
          }),
        },
      ],
    ],
    after: scrolling(title, table({ shares, predicted, measured }, connections)),
  })
}

/** Percentiles as numbers, as far as this many connections support them. */
function table({ shares, ...curves }: QuantileCurve, connections: number): Html {
  const told = [0.5, 0.9, 0.99, 0.999].filter((share) => connections >= valuesToTell(share))
  const at = (values: readonly (number | null)[], share: number): string => {
    const value = values[shares.findIndex((one) => Math.abs(one - share) < 1e-9)]
    return typeof value === 'number' && Number.isFinite(value) ? duration(value) : UNKNOWN
  }
  return html`<table class="latencies"><thead><tr><td></td>${told.map((share) => html`<th scope="col" class="number">${percent(share)}</th>`)}<th scope="col" class="number">max</th></tr></thead>
<tbody>${(['predicted', 'measured'] as const).map(
    (name) =>
      html`<tr><th scope="row">${name}</th>${[...told, 1].map((share) => html`<td class="number">${at(curves[name], share)}</td>`)}</tr>
`,
  )}</tbody></table>`
}
