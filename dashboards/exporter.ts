/** Whether the instrument itself works, and what it costs. */
import type { BoardSpec } from './board.ts'
import { levels, rate, unit } from './common.ts'
import { graph, list, number } from './panels.ts'

const small = { width: 6, height: 5 }
const half = { width: 12 }

export const exporter: BoardSpec = {
  name: 'exporter',
  title: 'Exporter health',
  description:
    'Can the numbers be believed? How often and how punctually the kernel is asked, and what the asking costs.',
  sections: [
    {
      panels: [
        number({
          ...small,
          title: 'Answers',
          means: 'Whether the last scrape of the exporter succeeded.',
          worry: 'No: nothing is known of that host.',
          limits: 'By the job name spillway-exporter. A scrape that takes longer than its timeout counts as failed.',
          unit: unit.yesNo,
          levels: [],
          queries: [['up{job="spillway-exporter"}', '{{instance}}']],
        }),
        number({
          ...small,
          title: 'Age of the numbers',
          means: 'How old the snapshot was that the last scrape was served from.',
          worry: 'Above a second: the sampler is stuck. After 5 s no queue metrics are given at all.',
          limits:
            'A scrape never asks the kernel, so it always succeeds quickly: this tells whether it is worth anything.',
          unit: unit.seconds,
          levels: levels.wait,
          queries: [['spillway_exporter_snapshot_age_seconds', '{{instance}}']],
        }),
        number({
          ...small,
          title: 'CPU',
          means: 'Share of one core that the sampler thread and the whole exporter use.',
          worry: 'More than you want to pay: a longer --sample-interval or a smaller --cpu-budget.',
          limits:
            'Over the last minute. The budget bounds the dumps of requests and connections; listeners are read as asked.',
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
          means: 'How often the sampler thread died and was started again.',
          worry: 'Any: the log says why. Peaks and times at a fill begin anew.',
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
            'How often the kernel is asked, by kind: listeners, SYN queue, connections, counters. Over all namespaces.',
          worry: 'Listeners below what --sample-interval asks for: the machine is short of CPU.',
          limits: 'Samples that were slept through are left out, not made up for.',
          unit: unit.perSecond,
          levels: levels.none,
          queries: [[rate('spillway_samples_total'), '{{kind}}']],
        }),
        graph({
          ...half,
          title: 'Late samples',
          means: 'Share of the listener samples that began more than half an interval after their time.',
          worry: 'More than a few per cent for long: bursts between two samples may be missed in peaks.',
          limits: 'Lengths and drops stay right, however late.',
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
          means: 'Between the last two dumps of a kind; the longest over the namespaces.',
          worry:
            'SYN queue or connections far above what was asked for: the CPU budget stretches them, and what they tell is that old.',
          limits: 'The last two alone.',
          unit: unit.seconds,
          levels: levels.none,
          queries: [['spillway_sample_interval_seconds', '{{kind}}']],
        }),
        graph({
          ...half,
          title: 'Failed dumps',
          means: 'Dumps that failed, and namespaces that could not be opened, a second.',
          worry: 'Any: the numbers of that kind are old. /metrics names kind and errno.',
          limits: 'A dump that the kernel interrupted and that was made again is none of them.',
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
          worry: 'Connections above the sampling interval: while one runs, no listener is sampled.',
          limits:
            'A mean. It grows with the size of the connection hash of the kernel, and with the connections of other namespaces too.',
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
          worry: 'Longer than the sampling interval: a burst in that time shows in the drops only.',
          limits: 'Wall time: a machine that is short of CPU makes it long.',
          unit: unit.seconds,
          levels: [{ from: 0.01, color: 'yellow' }],
          queries: [['spillway_sample_duration_max_seconds', '{{kind}} in {{netns}}']],
        }),
        graph({
          ...half,
          title: 'Duration of a scrape',
          means: 'How long Prometheus took to fetch /metrics, of exporter, backends and load agent.',
          worry: 'Near the scrape timeout: then numbers go missing.',
          limits: 'Over the network, and with the exporter waiting for its turn on the CPU.',
          unit: unit.seconds,
          levels: [{ from: 0.5, color: 'yellow' }],
          queries: [['scrape_duration_seconds{job=~"spillway-.*"}', '{{job}} {{instance}}']],
        }),
        list(
          {
            ...half,
            title: 'Network namespaces that are read',
            means:
              'Only these are seen. source is self for the one the exporter lives in, else the path by which it was opened.',
            worry: 'The namespace of your service is not among them: `lsns -t net` tells inodes.',
            limits: 'A namespace that comes and goes between two scrapes is not in it.',
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
