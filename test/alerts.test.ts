/**
 * Each alert under promtool, with what a real exporter said in front of real servers (test/support/incidents/): of each
 * incident exactly those alerts fire that are written here, at every scrape interval, and nothing fires for a calm host
 * beside it.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'

import { parse } from 'yaml'
import { again, type Incident, incidentNames, once, readIncident, scraped } from './support/incidents.ts'
import { findProgram, skipWithout } from './support/tools.ts'

const rules = fileURLToPath(new URL('../deploy/prometheus/rules/', import.meta.url))
const skip = skipWithout('promtool')
const MINUTE = 60

/** What fires, as `Name severity label=value …`. */
interface Expected {
  /** After it has gone on for long enough; or once, so long after it has ended. Left out where a minute says too little. */
  production?: string[]
  /** At its end, if it was scraped every second. */
  lab?: string[]
  onceAfterMinutes?: number
  /** Of what goes on, where thirteen minutes are not enough. */
  lastsMinutes?: number
}

const always = (...alerts: string[]): Expected => ({ production: alerts, lab: alerts })

const overflowOf = (who: string): string[] => [
  `AcceptQueueOverflowing critical ${who} shard=1`,
  `AcceptQueueOverflowing warning ${who} shard=1`,
]
const gunicorn = [
  ...overflowOf('port=8000 process=gunicorn'),
  'AcceptWaitLong warning port=8000 process=gunicorn',
  'WorkersExhausted warning port=8000 process=gunicorn shard=1',
  // With such a small backlog the SYN queue is full as well.
  'SynCookiesSent warning',
]
const python = 'port=8080 process=python3'
const deferredPython = `DeferredClientsWait info ${python} shard=1`

const expected: Record<string, Expected> = {
  abort: {
    production: [...overflowOf(python), 'FinalAcksReset warning', 'DeferredClientsWait info'],
    lab: [`AcceptQueueOverflowing warning ${python} shard=1`, 'FinalAcksReset warning', 'DeferredClientsWait info'],
  },
  brief: always(`AcceptQueueOverflowsBriefly warning ${python} shard=1`, 'SynCookiesSent warning'),
  calm: always(),
  closes: {
    production: ['ListenerClosedOnClients warning port=8080'],
    lab: [`ListenerGone warning ${python}`],
    onceAfterMinutes: 0.5,
  },
  cookies: always(deferredPython, 'SynCookiesSent warning'),
  cookies2: always(),
  deferred: always(...gunicorn, 'DeferredClientsWait info port=8080 process=nginx shard=1'),
  down: { production: ['ExporterDown critical'], lab: ['ExporterDown critical'], onceAfterMinutes: 6 },
  files: always('FilesUsedUp warning process=nginx', 'AcceptWaitLong warning port=8080 process=nginx'),
  filling: always(`AcceptQueueFilling info ${python} shard=1`),
  gone: {
    production: ['ListenerGone warning port=8080 process=nginx', 'ListenerClosedOnClients warning port=8080'],
    lab: ['ListenerGone warning port=8080 process=nginx'],
    onceAfterMinutes: 4,
  },
  migrate: {
    production: ['ListenerClosedOnClients warning port=8080', 'MigrationFailed warning'],
    // It listens for two seconds of six.
    lab: ['ListenerClosedOnClients warning port=8080', 'MigrationFailed warning', `ListenerGone warning ${python}`],
  },
  neverread: always('RequestsUnread warning port=8000 process=gunicorn'),
  late: { production: ['ExporterLate info'], lastsMinutes: 24 },
  'neverread-long': { production: ['RequestsUnread warning port=8000 process=gunicorn'] },
  nobody: { lab: [`NobodyAccepts warning ${python} shard=1`, `AcceptWaitLong warning ${python}`] },
  'nobody-long': {
    production: [`NobodyAccepts warning ${python} shard=1`, `AcceptWaitLong warning ${python}`],
    lastsMinutes: 7,
  },
  noroute: always('SynsDroppedOtherwise critical', 'SynsDroppedOtherwise warning'),
  overflow: always(...gunicorn),
  'overflow-long': { production: gunicorn },
  ports: always('TimeWaitHoldsPorts warning destination=127.0.0.2:8080'),
  portsheld: always('SourcePortsUsedUp warning destination=127.0.0.2:8080'),
  refused: always(deferredPython, 'SynCookiesSent warning', 'SynCookiesRefused info'),
  reserved: always(deferredPython, 'SynBacklogReserved critical', 'SynBacklogReserved warning'),
  shard: always(
    'AcceptQueueOverflowing critical port=8080 process=nginx shard=2',
    'AcceptQueueOverflowing warning port=8080 process=nginx shard=2',
    'AcceptWaitLong warning port=8080 process=nginx',
    'ShardStalled warning port=8080 process=nginx shard=2',
  ),
  synfull: always(deferredPython, 'SynQueueOverflowing critical', 'SynQueueOverflowing warning'),
  small: always(...overflowOf('port=8000 process=gunicorn'), 'SynCookiesSent warning'),
  udp: always('UdpDatagramsLost warning port=5353'),
  unix: always(
    'UnixSocketFull critical path=/run/app.sock process=gunicorn shard=1',
    'UnixSocketFull warning path=/run/app.sock process=gunicorn shard=1',
  ),
  vanish: { production: ['ExporterDown critical'], lab: ['ExporterDown critical'], onceAfterMinutes: 6 },
}

/** `Name severity label=value …` as promtool compares it. */
function labelsOf(alert: string): string {
  const [name, severity, ...others] = alert.split(' ')
  const labels = [`alertname="Spillway${name}"`, `severity="${severity}"`]
  for (const other of others) labels.push(other.replace('=', '="').concat('"'))
  return `{${labels.join(', ')}, instance="web-1:10511"}`
}

const named = (series: string, instance: string): string =>
  series.replace('{}', '{,}').replace('{', `{job="hosts",instance="${instance}",`).replace(',,}', '}')

const told = 'alertname, severity, instance, port, shard, path, destination, kind, process'

function promtoolTest(incident: Incident, intervalSeconds: number, pace: 'production' | 'lab') {
  const { production, lab, onceAfterMinutes, lastsMinutes = 13 } = expected[incident.name]!
  const { everySeconds, scrapes } = incident
  const lasts = everySeconds * scrapes
  const isLab = pace === 'lab'
  const after = isLab ? 0 : (onceAfterMinutes ?? 0) * MINUTE
  const before = isLab ? 0 : 8 * MINUTE
  const isOnce = onceAfterMinutes !== undefined && !isLab
  const seen = isOnce ? once(incident, before, after) : again(incident, isLab ? 0 : lastsMinutes * MINUTE)
  const atSeconds = isOnce ? before + lasts + after : isLab ? lasts - 1 : lastsMinutes * MINUTE
  const calm = again(readIncident('calm'), atSeconds)
  const series = (of: Incident, values: readonly (readonly string[])[], instance: string) =>
    [...of.series.keys()].map((key, index) => ({
      series: named(key, instance),
      values: scraped(values[index]!, of.everySeconds, intervalSeconds),
    }))
  return {
    name: `${incident.name} at ${intervalSeconds} s`,
    interval: `${intervalSeconds}s`,
    input_series: [...series(incident, seen, 'web-1:10511'), ...series(readIncident('calm'), calm, 'web-2:10511')],
    promql_expr_test: [
      {
        expr: `count by (${told}) (ALERTS{alertstate="firing"})`,
        eval_time: `${atSeconds}s`,
        exp_samples: ((isLab ? lab : production) ?? []).map((alert) => ({ labels: labelsOf(alert), value: 1 })),
      },
    ],
  }
}

function runPromtool(context: test.TestContext, content: object): { status: number | null; said: string } {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-alerts-'))
  context.after(() => fs.rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'alerts.test.yml')
  fs.writeFileSync(file, JSON.stringify(content))
  const { status, stdout, stderr } = spawnSync(findProgram('promtool')!, ['test', 'rules', file], { encoding: 'utf8' })
  return { status, said: `${stdout}${stderr}` }
}

const incidents = incidentNames().map(readIncident)

interface Rule {
  alert?: string
  for: string
  labels: { severity: string; finding: string }
  annotations: Record<'summary' | 'description' | 'runbook_url' | 'dashboard_url', string>
}

function alertsOf(file: string): Rule[] {
  const { groups }: { groups: { rules: Rule[] }[] } = parse(fs.readFileSync(`${rules}/${file}`, 'utf8'))
  return groups.flatMap((group) => group.rules).filter(({ alert }) => alert !== undefined)
}

for (const [file, pace, intervals] of [
  ['spillway.yml', 'production', [15, 30, 60]],
  ['lab.yml', 'lab', [1]],
] as const)
  for (const interval of intervals)
    test(`with a scrape every ${interval} s, of ${file} each incident sets off its own alerts and no other`, {
      skip,
    }, (context) => {
      const fit = incidents.filter(
        ({ name, everySeconds }) => everySeconds <= interval && expected[name]?.[pace] !== undefined,
      )
      const { status, said } = runPromtool(context, {
        rule_files: [`${rules}${file}`],
        // As rules are evaluated: in the lab every five seconds.
        evaluation_interval: `${interval === 1 ? 5 : Math.max(interval, 30)}s`,
        tests: fit.map((incident) => promtoolTest(incident, interval, pace)),
      })
      assert.equal(status, 0, said)
    })

test('every incident is told what it sets off, and none is told of that is not there', () => {
  assert.deepEqual(Object.keys(expected).sort(), incidentNames())
})

/** What could not be provoked on a shared machine: the numbers of these two are what the metrics are defined to be. */
const notProvoked = ['ResetForMemory', 'ExporterStale']

test('every alert is set off by an incident, or is one of those that could not be provoked', () => {
  const set = new Set(
    Object.values(expected).flatMap(({ production = [] }) => production.map((alert) => alert.split(' ')[0])),
  )
  const all = new Set(alertsOf('spillway.yml').map(({ alert = '' }) => alert.replace('Spillway', '')))
  assert.deepEqual([...all].filter((alert) => !set.has(alert)).sort(), [...notProvoked].sort())
})

test('connections reset for memory and readings that are too old are told, those of long ago and fresh ones are not', {
  skip,
}, (context) => {
  const host = (instance: string, values: Record<string, string>) =>
    Object.entries(values).map(([key, value]) => ({ series: named(key, instance), values: value }))
  const age = (kind: string) => `spillway_sample_age_seconds{kind="${kind}",netns="host"}`
  const limit = (kind: string) => `spillway_sample_age_limit_seconds{kind="${kind}"}`
  const { status, said } = runPromtool(context, {
    rule_files: [`${rules}spillway.yml`],
    evaluation_interval: '30s',
    tests: [
      {
        interval: '30s',
        input_series: [
          ...host('web-1:10511', {
            'up{}': '1x20',
            'node_netstat_TcpExt_TCPAbortOnMemory{netns="host"}': '0+3x20',
            [age('counters')]: '17x20',
            [limit('counters')]: '5x20',
          }),
          ...host('web-2:10511', {
            'up{}': '1x20',
            'node_netstat_TcpExt_TCPAbortOnMemory{netns="host"}': '17x20',
            [age('connections')]: '14x20',
            [limit('connections')]: '45x20',
          }),
        ],
        promql_expr_test: [
          {
            expr: `count by (${told}) (ALERTS{alertstate="firing"})`,
            eval_time: '10m',
            exp_samples: ['ResetForMemory warning', 'ExporterStale warning kind=counters'].map((alert) => ({
              labels: labelsOf(alert),
              value: 1,
            })),
          },
        ],
      },
    ],
  })
  assert.equal(status, 0, said)
})

test('an overflow that lasts a minute warns, and wakes nobody', { skip }, (context) => {
  const overflow = readIncident('overflow')
  const values = once(overflow, 8 * MINUTE, 12 * MINUTE)
  const fired = (severity: string, count: number) => ({
    expr: `count(max_over_time(ALERTS{alertname="SpillwayAcceptQueueOverflowing",alertstate="firing",severity="${severity}"}[20m]))`,
    eval_time: '20m',
    exp_samples: count === 0 ? [] : [{ labels: '{}', value: count }],
  })
  const { status, said } = runPromtool(context, {
    rule_files: [`${rules}spillway.yml`],
    evaluation_interval: '15s',
    tests: [
      {
        interval: '15s',
        input_series: [...overflow.series.keys()].map((key, index) => ({
          series: named(key, 'web-1:10511'),
          values: scraped(values[index]!, 1, 15),
        })),
        promql_expr_test: [fired('warning', 1), fired('critical', 0)],
      },
    ],
  })
  assert.equal(status, 0, said)
})

test('both files hold the same alerts; each has a static summary, and names its instance, its page and its board', () => {
  const production = alertsOf('spillway.yml')
  const names = (found: Rule[]) => found.map(({ alert, labels }) => `${alert} ${labels.severity}`)
  assert.deepEqual(names(alertsOf('lab.yml')), names(production))
  for (const { alert, labels, annotations, for: lasting } of production) {
    assert.match(labels.severity, /^(critical|warning|info)$/, alert)
    assert.doesNotMatch(annotations.summary, /\{\{/, `the summary of ${alert} groups`)
    assert.match(annotations.description, /\$labels\.instance/, alert)
    assert.ok(annotations.runbook_url.endsWith(`/docs/findings/${labels.finding}.md`), alert)
    assert.match(
      annotations.dashboard_url,
      /^\/d\/spillway-(fleet|queues|listener|connections|handshake|exporter)\?/,
      alert,
    )
    for (const label of ['job', 'instance', 'netns', 'port', 'shard'])
      assert.ok(annotations.dashboard_url.includes(`&var-${label}=`), `${alert}: ${label}`)
    if (labels.severity === 'critical') assert.equal(lasting, '5m', `${alert} wakes somebody for what lasts`)
  }
})
