/** Whether the exporter itself works, and what it costs. */
import type { BoardSpec } from './board.ts'
import { levels, rate, unit } from './common.ts'
import { graph, list, number } from './panels.ts'

const small = { width: 6, height: 5 }
const half = { width: 12 }

export const exporter: BoardSpec = {
  name: 'exporter',
  title: 'Exporter health',
  description: 'Can the numbers be trusted? How often and how punctually the kernel is read, and what that costs.',
  sections: [
    {
      panels: [
        number({
          ...small,
          title: 'Answers',
          means: 'Whether the last scrape of the exporter succeeded.',
          worry: 'No: nothing is known about that host.',
          limits: 'For the job named spillway-exporter. A scrape that takes longer than its timeout counts as failed.',
          unit: unit.yesNo,
          levels: [],
          queries: [['up{job="spillway-exporter"}', '{{instance}}']],
        }),
        number({
          ...small,
          title: 'Age of the numbers',
          means:
            'How long ago each kind of numbers in the last scrape was read, in the namespace in which it is longest.',
          worry:
            'listeners or counters above a second or two: the machine has no CPU to spare, or the sampler is stuck.',
          limits:
            'A scrape never asks the kernel, so it always succeeds quickly: this age shows whether its numbers are current. ' +
            'What is older than three of its intervals, and 5 s, is left out.',
          unit: unit.seconds,
          levels: levels.wait,
          queries: [['max by (instance, kind) (spillway_sample_age_seconds)', '{{instance}} {{kind}}']],
        }),
        number({
          ...small,
          title: 'CPU',
          means: 'Share of one core that the sampler thread and the whole exporter use.',
          worry: 'It costs more than you want to pay: use a longer --sample-interval or a smaller --cpu-budget.',
          limits:
            'Over the last minute. The budget limits the dumps of requests and connections; listeners are read as often as asked.',
          unit: unit.share,
          levels: [
            { from: 0.1, color: 'yellow' },
            { from: 0.5, color: 'red' },
          ],
          queries: [
            ['rate(spillway_exporter_cpu_seconds_total[1m])', 'sampler'],
            ['rate(spillway_exporter_process_cpu_seconds_total[1m])', 'all'],
          ],
        }),
        number({
          ...small,
          title: 'Restarts of the sampler',
          means: 'How often the sampler thread died and was restarted.',
          worry: 'Any restart: the log says why. A restart resets the peaks and the times at a fill.',
          limits: 'Since the exporter started.',
          unit: unit.count,
          levels: levels.any,
          queries: [['spillway_exporter_sampler_restarts_total', '{{instance}}']],
        }),
      ],
    },
    {
      heading: 'Punctuality',
      panels: [
        graph({
          ...half,
          title: 'Dumps a second',
          means:
            'How often the kernel is read, by kind: listeners, SYN queue, connections, counters. Over all namespaces.',
          worry: 'Listeners below what --sample-interval asks for: the machine is short of CPU.',
          limits: 'Missed samples are skipped, not made up for.',
          unit: unit.perSecond,
          levels: levels.none,
          queries: [[rate('spillway_samples_total'), '{{kind}}']],
        }),
        graph({
          ...half,
          title: 'Late samples',
          means: 'Share of the listener samples that began more than half an interval after their scheduled time.',
          worry: 'More than a few per cent for long: bursts between two samples may be missed in peaks.',
          limits: 'Lengths and drops stay correct, however late.',
          unit: unit.share,
          levels: [
            { from: 0.05, color: 'yellow' },
            { from: 0.2, color: 'red' },
          ],
          queries: [
            [
              `${rate('spillway_samples_late_total')} / ignoring (kind) ${rate('spillway_samples_total', 'kind="listeners"')}`,
              '{{instance}}',
            ],
          ],
        }),
        graph({
          ...half,
          title: 'Time between dumps',
          means: 'Time between the last two dumps of a kind; the longest over the namespaces.',
          worry:
            'SYN queue or connections far above what was asked for: the CPU budget stretches them, and their numbers can be that old.',
          limits: 'Only the last two dumps.',
          unit: unit.seconds,
          levels: levels.none,
          queries: [['spillway_sample_interval_seconds', '{{kind}}']],
        }),
        graph({
          ...half,
          title: 'Failed dumps',
          means: 'Dumps that failed, and namespaces that could not be opened, a second.',
          worry: 'Any: the numbers of that kind are getting old. /metrics names the kind and the errno.',
          limits: 'A dump that the kernel interrupted and that was repeated does not count.',
          unit: unit.perSecond,
          levels: levels.any,
          queries: [
            [
              `sum by (instance) (${rate('spillway_sample_errors_total')}) or sum by (instance) (${rate('spillway_samples_total')}) * 0`,
              '{{instance}}',
            ],
          ],
        }),
      ],
    },
    {
      heading: 'Cost',
      panels: [
        graph({
          ...half,
          title: 'Mean duration of a dump',
          means: 'Wall time of one dump, both address families together.',
          worry: 'Connections above the sampling interval: no listener is sampled while a dump runs.',
          limits:
            "A mean. It grows with the size of the kernel's connection hash table, and with the connections of other namespaces too.",
          unit: unit.seconds,
          levels: levels.none,
          queries: [
            [
              `${rate('spillway_sample_duration_seconds_sum')} / ${rate('spillway_sample_duration_seconds_count')}`,
              '{{kind}} in {{netns}}',
            ],
          ],
        }),
        graph({
          ...half,
          title: 'Longest dump of the last 30 s',
          means: 'The longest within the peak window.',
          worry: 'Longer than the sampling interval: a burst in that time shows only in the drops.',
          limits: 'Wall time: a machine that is short of CPU makes it long.',
          unit: unit.seconds,
          levels: [{ from: 0.01, color: 'yellow' }],
          queries: [['spillway_sample_duration_max_seconds', '{{kind}} in {{netns}}']],
        }),
        graph({
          ...half,
          title: 'Duration of a scrape',
          means: 'How long Prometheus took to fetch /metrics from the exporter, the backends and the load agent.',
          worry: 'Near the scrape timeout: beyond it numbers are missing.',
          limits: 'Includes the network, and the time that the process waits for a CPU.',
          unit: unit.seconds,
          levels: [{ from: 0.5, color: 'yellow' }],
          queries: [['scrape_duration_seconds{job=~"spillway-.*"}', '{{job}} {{instance}}']],
        }),
        list(
          {
            ...half,
            title: 'Network namespaces that are read',
            means:
              'No other namespace is read. source is self for the one the exporter runs in, otherwise the path by which it was opened.',
            worry: "Your service's namespace is not among them: `lsns -t net` lists the inodes.",
            limits: 'A namespace that comes and goes between two scrapes does not appear.',
            unit: unit.count,
            levels: levels.none,
            queries: [['spillway_exporter_namespace_info', '']],
          },
          ['Time', 'Value', '__name__', 'job'],
        ),
      ],
    },
  ],
}
