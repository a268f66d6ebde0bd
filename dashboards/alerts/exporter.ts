/** The exporter itself: what it does not say, no other alert can know. */
import { lately, rate } from './ask.ts'
import { type Alert, type Pace, whenItLasts } from './spec.ts'

/** Targets that were exporters when they last answered, for as long as they are scraped. */
export const knownExporters = {
  record: 'instance:spillway_exporter:known',
  expression:
    'group by (job, instance) (spillway_exporter_info) or (instance:spillway_exporter:known and on (job, instance) up)',
} as const

const once = (memory: string): string => `max_over_time(${knownExporters.record}[${memory}])`

/** Whatever the job is called: by what once answered, by its neighbours, or by the port that no other exporter has. */
const down = ({ memory }: Pace): string => {
  const others = '(up == 1 unless on (job, instance) spillway_exporter_info)'
  return [
    `(up == 0 and on (job, instance) ${once(memory)})`,
    `(up == 0 and on (job) (group by (job) (${once(memory)}) unless on (job) ${others}))`,
    'up{instance=~".+:10511"} == 0',
    `(${once(memory)} unless on (job, instance) up) * 0`,
  ].join(' or on (job, instance) ')
}

export const exporterAlerts: Alert[] = [
  {
    name: 'ExporterDown',
    finding: 'exporter-down',
    severity: 'critical',
    lasting: whenItLasts,
    expression: down,
    summary: 'An exporter does not answer, or is no longer scraped',
    description:
      '{{ $labels.instance }} (job {{ $labels.job }}) does not answer or is no longer a target: nothing is known about its queues, and no other alert can fire for it.',
    board: 'exporter',
  },
  {
    name: 'ExporterStale',
    finding: 'readings-too-old',
    severity: 'warning',
    lasting: { production: '2m', lab: '5s' },
    expression: (pace) =>
      `${lately('spillway_sample_age_seconds', pace)} > on (job, instance, kind) group_left () ${lately('spillway_sample_age_limit_seconds', pace)}`,
    summary: 'An exporter has not read the kernel for too long',
    description:
      '{{ $labels.instance }} has not read {{ $labels.kind }} of namespace {{ $labels.netns }} for {{ $value | humanizeDuration }}. It leaves these numbers out rather than serve old ones, so alerts that need them are blind.',
    board: 'exporter',
  },
  {
    name: 'ExporterLate',
    finding: 'exporter-late',
    severity: 'info',
    lasting: { production: '15m', lab: '30s' },
    expression: (pace) =>
      `${rate('spillway_samples_late_total', pace)} / ignoring (kind) ${rate('spillway_samples_total{kind="listeners"}', pace)} > 0.2`,
    summary: 'An exporter takes more than a fifth of its samples late',
    description:
      '{{ $labels.instance }} takes {{ $value | humanizePercentage }} of its samples late: peaks and times at a fill may miss bursts. Lengths and drops stay right.',
    board: 'exporter',
  },
]
