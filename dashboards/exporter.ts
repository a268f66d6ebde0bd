/** Whether the exporters themselves work, and what they cost: one row an instance. */
import type { BoardSpec } from './board.ts'
import { type Level, levels, unit } from './common.ts'
import { toBoard } from './links.ts'
import { graph, number } from './panels.ts'
import { lately, over, perInstance, rate, select, up } from './select.ts'
import { answering } from './shared.ts'
import { rows } from './tables.ts'

const stat = { width: 6, height: 4 }
const third = { width: 8, height: 7 }

const cpu: Level[] = [
  { from: 0, color: 'green' },
  { from: 0.1, color: 'yellow' },
  { from: 0.5, color: 'red' },
]
const lateShare: Level[] = [
  { from: 0, color: 'green' },
  { from: 0.05, color: 'yellow' },
  { from: 0.2, color: 'red' },
]

const host = 'job, instance'
const perHost = (expression: string): string => `max by (${host}) (${expression})`
const last5m = (metric: string): string => `sum by (${host}) (${over('5m', metric)})`
/** What is counted only once it has happened is 0 before that, wherever there is an exporter. */
const orNone = (expression: string): string => `(${expression} or 0 * ${perHost(select('spillway_exporter_info'))})`
const lateOf = (rateOf: (metric: string, more?: string) => string): string =>
  `sum by (${host}) (${rateOf('spillway_samples_late_total')}) / sum by (${host}) (${rateOf('spillway_samples_total', 'kind="listeners"')})`

export const exporter: BoardSpec = {
  name: 'exporter',
  title: 'Exporter health',
  description:
    'Can the numbers be trusted? Which exporters answer, how often and how punctually they read the kernel, and what that costs.',
  sections: [
    {
      panels: [
        number({
          ...stat,
          ...answering,
        }),
        number({
          ...stat,
          title: 'Oldest numbers',
          means:
            'How long ago the numbers of a kind in the last scrape were read, where that is longest, as a share of the age at which they are left out.',
          worry: 'Near 100 %: the machine has no CPU to spare, or the sampler is stuck. Beyond it alerts are blind.',
          limits:
            'A scrape never asks the kernel, so it always succeeds quickly: this shows whether its numbers are current.',
          unit: unit.share,
          levels: levels.fill,
          queries: [
            [
              `max(${select('spillway_sample_age_seconds')} / on (${host}, kind) group_left () ${select('spillway_sample_age_limit_seconds')})`,
              'age',
            ],
          ],
        }),
        number({
          ...stat,
          title: 'Most CPU',
          means:
            'Share of one core that the most expensive exporter uses, with all its threads, over the last 5 minutes.',
          worry: 'It costs more than you want to pay: use a longer --sample-interval or a smaller --cpu-budget.',
          limits: 'The budget limits the dumps of requests and connections; listeners are read as often as asked.',
          unit: unit.share,
          levels: cpu,
          queries: [[`max(${over('5m', 'spillway_exporter_process_cpu_seconds_total')})`, 'cpu']],
        }),
        number({
          ...stat,
          title: 'Restarts of a sampler, 1 h',
          means: 'How often a sampler thread died and was restarted within the last hour.',
          worry: 'Any restart: the log says why. It resets the peaks and the times at a fill.',
          limits: 'Over all chosen exporters.',
          unit: unit.count,
          levels: levels.any,
          queries: [[`sum(${over('1h', 'spillway_exporter_sampler_restarts_total', '', 'increase')})`, 'restarts']],
        }),
        rows({
          title: 'Each exporter',
          means: 'Whether it answers, and its numbers over the last 5 minutes; those that do not answer come first.',
          worry: 'A red no, an old number, or late samples.',
          limits: 'An exporter that does not answer has no other numbers.',
          width: 24,
          height: 8,
          sortedBy: 'Missing',
          labels: [
            { label: 'job', title: 'Job' },
            {
              label: 'instance',
              title: 'Instance',
              link: { title: 'Queues of this host', url: toBoard('queues', ['job', 'instance']) },
            },
          ],
          numbers: [
            {
              title: 'Answers',
              expression: perHost(up),
              unit: unit.count,
              levels: levels.needed,
              filled: true,
              reads: { 0: 'no', 1: 'yes' },
            },
            { title: 'Missing', expression: `1 - ${perHost(up)}`, unit: unit.count, levels: levels.none, hidden: true },
            {
              title: 'Oldest number',
              expression: perHost(select('spillway_sample_age_seconds')),
              unit: unit.seconds,
              levels: levels.none,
            },
            {
              title: 'Late samples',
              expression: lateOf((metric, more) => over('5m', metric, more)),
              unit: unit.share,
              levels: lateShare,
            },
            {
              title: 'Failed dumps',
              expression: orNone(last5m('spillway_sample_errors_total')),
              unit: unit.perSecond,
              levels: levels.any,
            },
            {
              title: 'CPU',
              expression: last5m('spillway_exporter_process_cpu_seconds_total'),
              unit: unit.share,
              levels: cpu,
            },
            {
              title: 'Sampler',
              expression: last5m('spillway_exporter_cpu_seconds_total'),
              unit: unit.share,
              levels: cpu,
            },
            {
              title: 'Scrape takes',
              expression: `${perHost(select('scrape_duration_seconds'))} and on (${host}) ${up} == 1`,
              unit: unit.seconds,
              levels: levels.none,
            },
            {
              title: 'Listeners',
              expression: `count by (${host}) (${select('tcp_listener_accept_queue_limit')})`,
              unit: unit.count,
              levels: levels.none,
            },
            {
              title: 'Left out',
              expression: orNone(`sum by (${host}) (${select('spillway_exporter_listeners_left_out')})`),
              unit: unit.count,
              levels: levels.any,
            },
          ],
        }),
      ],
    },
    {
      panels: [
        graph({
          ...third,
          title: 'Dumps a second',
          means: 'How often the kernel is read, by kind, over all chosen exporters and namespaces.',
          worry: 'Listeners below what --sample-interval asks for: the machine is short of CPU.',
          limits: 'Missed samples are skipped, not made up for.',
          unit: unit.perSecond,
          levels: levels.none,
          queries: [[`sum by (kind) (${rate('spillway_samples_total')})`, '{{kind}}']],
        }),
        graph({
          ...third,
          title: 'Late samples: the six worst',
          means: 'Share of the listener samples that began more than half an interval after their scheduled time.',
          worry: 'More than a few per cent for long: bursts between two samples may be missed in peaks.',
          limits: 'Lengths and drops stay correct, however late.',
          unit: unit.share,
          levels: lateShare,
          reaches: 0.1,
          queries: [
            [
              perInstance(
                `(${lateOf(rate)}) and on (${host}) topk(6, increase(${select('spillway_samples_late_total')}[$__range] @ end()))`,
              ),
              '{{instance}}',
            ],
          ],
        }),
        graph({
          ...third,
          title: 'Longest time between dumps',
          means: 'Time between the last two dumps of a kind; the longest over the chosen exporters.',
          worry:
            'SYN queue or connections far above what was asked for: the CPU budget stretches them, and their numbers can be that old.',
          limits: 'Only the last two dumps. The axis has powers of ten.',
          unit: unit.seconds,
          levels: levels.none,
          logarithmic: true,
          queries: [[`max by (kind) (${lately('spillway_sample_interval_seconds')})`, '{{kind}}']],
        }),
        graph({
          ...third,
          title: 'Failed dumps',
          means: 'Dumps that failed, and namespaces that could not be opened, a second, by kind.',
          worry: 'Any: the numbers of that kind are getting old. /metrics names the errno.',
          limits: 'A dump that the kernel interrupted and that was repeated does not count. Over all chosen exporters.',
          unit: unit.perSecond,
          levels: levels.any,
          queries: [
            [
              `sum by (kind) (${rate('spillway_sample_errors_total')}) or sum by (kind) (${rate('spillway_samples_total')}) * 0`,
              '{{kind}}',
            ],
          ],
        }),
        graph({
          ...third,
          title: 'Longest dump of the last 30 s',
          means: 'The longest dump of each kind within the peak window, over the chosen exporters.',
          worry: 'Longer than the sampling interval: a burst in that time shows only in the drops.',
          limits: 'Wall time: a machine that is short of CPU makes it long. The axis has powers of ten.',
          unit: unit.seconds,
          levels: [
            { from: 0, color: 'green' },
            { from: 0.01, color: 'yellow' },
          ],
          logarithmic: true,
          smallest: 0.00001,
          queries: [[`max by (kind) (${lately('spillway_sample_duration_max_seconds')})`, '{{kind}}']],
        }),
        graph({
          ...third,
          title: 'Cost by kind',
          means: 'CPU time that the dumps of each kind take, as a share of one core; the mean of the chosen exporters.',
          worry: 'It grows with the connections of the host: see --cpu-budget.',
          limits: 'Without HTTP and the search for owners.',
          unit: unit.share,
          levels: levels.none,
          reaches: 0.01,
          queries: [
            [
              `sum by (kind) (${rate('spillway_sample_cpu_seconds_total')}) / scalar(count(${select('spillway_exporter_info')}))`,
              '{{kind}}',
            ],
          ],
        }),
        rows(
          {
            title: 'Network namespaces that are read',
            means:
              'No other namespace is read. Source is self for the one the exporter runs in, otherwise the path by which it was opened.',
            worry: "Your service's namespace is not among them: `lsns -t net` lists the inodes.",
            limits: 'A namespace that comes and goes between two scrapes does not appear.',
            width: 24,
            height: 6,
            labels: [
              { label: 'job', title: 'Job' },
              { label: 'instance', title: 'Instance' },
              { label: 'netns', title: 'Namespace' },
              { label: 'name', title: 'Name' },
              { label: 'inode', title: 'Inode' },
              { label: 'source', title: 'Source' },
            ],
            numbers: [],
          },
          select('spillway_exporter_namespace_info'),
        ),
      ],
    },
  ],
}
