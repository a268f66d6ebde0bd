/**
 * Writes docs/metrics.md from the exporter's catalogue. With --check it only says whether the file is as it would be
 * written, and fails if not. `node scripts/metrics-doc.ts [--check]`
 */
import fs from 'node:fs'
import { sayFaults } from '#common/entry.ts'
import { type Grammar, readCommandLine } from '#common/options.ts'
import { queryExamples } from '#services/exporter/catalogue/examples.ts'
import { catalogue, type Metric, type MetricGroup } from '#services/exporter/catalogue.ts'
import { openTelemetrySection } from './opentelemetry-names.ts'

const grammar = {
  command: 'npm run docs --',
  options: { check: { type: 'boolean', default: false } },
} as const satisfies Grammar

const file = new URL('../docs/metrics.md', import.meta.url)

const introduction = `# Metrics

What the exporter publishes, what each number means, and what it does not. This page is generated from the exporter's own
catalogue (\`npm run docs\`), so it cannot fall behind.

## Before you read the numbers

**A queue with limit N holds N + 1.** The kernel calls a queue full when its length is *above* the limit, so
\`length / (limit + 1)\` is its fill and 1 means full. Handshakes that complete at the same time on several CPUs can exceed
even that by a few: compare with \`>=\`, never with \`==\`.

**Not all drops are overflows.** \`tcp_listener_drops_total\` is the socket's \`sk_drops\`: every drop that the kernel counts
for this listener, whatever the reason.

| what happens | drops | ListenOverflows | ListenDrops | other counters |
| --- | --- | --- | --- | --- |
| a SYN meets a full accept queue | +1 | +1 | +1 | |
| a final ACK meets a full accept queue | **+2** | +1 | +1 | |
| a SYN meets a full SYN queue, cookies on (the default) | **0** | 0 | **0** | \`TCPReqQFullDoCookies\`, \`SyncookiesSent\` |
| the same, cookies off | +1 | 0 | +1 | \`TCPReqQFullDrop\` |
| a SYN is retransmitted for a half-open request | +1 | 0 | 0 | \`TCPSynRetrans\` |
| \`TCP_DEFER_ACCEPT\` ignores a final ACK without data | +1 | 0 | 0 | \`TCPDeferAcceptDrop\` |
| a client resets its half-open request | +1 | 0 | 0 | \`EmbryonicRsts\` |

So read the drops of a listener together with \`ListenOverflows\` of its namespace: the counter says *that* an accept queue
overflowed; the drops and the fill say *whose*.

**A full SYN queue is silent by default.** With \`net.ipv4.tcp_syncookies = 1\` the kernel answers with a cookie instead of
dropping the SYN, and no drop counter moves at all. Watch \`TCPReqQFullDoCookies\`.

**The oldest wait is exact, but not up to date.** A connection that waits to be accepted has sent nothing, so the kernel's
"time since last sent" is its wait so far, to one tick of the kernel (1 to 10 ms). It is read once per dump of the
connections (1 s), so it is the wait as of that dump.

**A full UNIX socket is silent always.** The kernel refuses its clients at once and counts nothing: length, peak and time at a fill of
\`unix_listener_…\` are samples, and there is nothing else to look at.

**Some numbers are sampled, others counted.** Lengths are samples: accept queues every 10 ms, SYN queues and UDP
sockets every 100 ms, connections every second. A queue that fills and drains between two samples shows neither in a length nor in a peak or a
time at a fill. Drops and all \`node_netstat_…\` are counted by the kernel and miss nothing. A scrape returns what the
sampler has and never asks the kernel. It does not reset peaks either, so two Prometheus servers see the same numbers.

**A shard is one listening socket.** Sockets that share an address and port with \`SO_REUSEPORT\` are numbered from 1 as
they appear; those that appear together are ordered by the command lines of their processes. A process that is restarted
with the same command line gets its number back, and with \`--state-dir\` a restart of the exporter keeps all numbers. A
socket that several processes share after a fork is one shard with several owners.

**Who holds a socket is not who accepts.** \`tcp_listener_acceptors\` counts the processes that waited for connections when
it was last looked, \`pid\` of \`tcp_listener_info\` is one of them, and /snapshot lists all. What is seen is a moment, up to
ten seconds old: a worker that is busy waits nowhere.

**Some things are known only by port.** Half-open requests and connections do not name their listener. They are given for
the address and port, and never divided among shards.

**Only the namespaces named by \`spillway_exporter_namespace_info\` are read.** A container has its own network namespace:
an exporter outside it sees nothing of it unless \`--netns\` names that namespace.

**When a listener is gone, its series end** with the next scrape. When the sampler is stuck or dead, only the exporter's
metrics about itself are given: old numbers would pass for current ones.
`

const examples = `## Questions and queries

${queryExamples.map(({ question, query }) => `${question}\n\n\`\`\`promql\n${query}\n\`\`\``).join('\n\n')}
`

const endings = `## Notes

- \`node_netstat_…\` keep node_exporter's names, so that its boards work. Those names are not snake_case, and
  \`promtool check metrics\` complains about them here as it does for node_exporter; every other metric passes.
- \`address\` is as the kernel has it: \`0.0.0.0\` is IPv4 only; \`::\` is IPv6 and, unless the program asked otherwise, IPv4
  too. Clients that connect to such a listener over IPv4 belong to \`::\`.
- \`netns\` is the name given with \`--netns NAME=…\`, otherwise the inode number that \`lsns -t net\` shows.
`

const labelsOf = ({ labels }: Metric): string => (labels.length === 0 ? '' : ` · ${labels.join(', ')}`)

const section = (metric: Metric): string => `### \`${metric.name}\`

${metric.type}${labelsOf(metric)}

${metric.help}

- *When to worry:* ${metric.worry}
- *From:* ${metric.source}
`

const row = ({ name, help, worry }: Metric): string => `| \`${name}\` | ${help} | ${worry} |`

const table = (metrics: readonly Metric[]): string =>
  ['| metric | what it counts | when to worry |', '| --- | --- | --- |', ...metrics.map(row)].join('\n')

/** Many metrics of one kind read better as a table. */
function render({ title, introduction, metrics }: MetricGroup): string {
  const body = metrics.every(({ type }) => type === 'untyped') ? `${table(metrics)}\n` : metrics.map(section).join('\n')
  return `## ${title}\n\n${introduction}\n\n${body}`
}

const page = [introduction, examples, ...catalogue.map(render), openTelemetrySection(catalogue), endings].join('\n')

sayFaults('docs')
const given = readCommandLine(grammar, process.argv.slice(2), ({ values }) => values)
if (given === undefined) process.stdout.write('Usage: npm run docs -- [--check]\n')
else if (!given.check) fs.writeFileSync(file, page)
else if (!fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== page) {
  console.error('docs/metrics.md does not match the catalogue: run `npm run docs`')
  process.exitCode = 1
}
