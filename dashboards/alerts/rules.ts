/** The rule files of Prometheus: the same alerts for production (scrapes of 15 to 60 s) and for the lab (1 s). */
import { stringify } from 'yaml'
import { cureInWords, isCured } from '#findings/cures.ts'
import { acceptQueueAlerts } from './accept-queue.ts'
import { exporterAlerts, knownExporters } from './exporter.ts'
import { handshakeAlerts } from './handshake.ts'
import { listenerAlerts } from './listeners.ts'
import { otherQueueAlerts } from './other-queues.ts'
import { type Alert, type Condition, type PaceName, paces } from './spec.ts'

const alerts: readonly Alert[] = [
  ...acceptQueueAlerts,
  ...handshakeAlerts,
  ...listenerAlerts,
  ...otherQueueAlerts,
  ...exporterAlerts,
]

/** Where everybody can read the pages of the findings. */
const pages = 'https://github.com/spillway/spillway/blob/main/docs/findings'

/** The choices at the top of a board, by the labels that the alert has. */
const variables = ['job', 'instance', 'netns', 'port', 'shard']
  .map((label) => `{{ with $labels.${label} }}&var-${label}={{ . | urlquery }}{{ end }}`)
  .join('')

/** Each rule file by its name in deploy/prometheus/rules. */
export const ruleFiles: ReadonlyMap<string, string> = new Map([
  ['spillway.yml', ruleFile('production', 'for scrapes every 15 to 60 seconds')],
  ['lab.yml', ruleFile('lab', 'of the lab, which is scraped every second')],
])

function ruleFile(pace: PaceName, use: string): string {
  // One group: its rules are evaluated one after another, so that what is recorded is there for those that ask for it.
  const rules = [
    { record: knownExporters.record, expr: knownExporters.expression },
    ...alerts.flatMap((alert) => rulesOf(alert, pace)),
  ]
  const text = stringify({ groups: [{ name: 'spillway', rules }] }, { lineWidth: 0, aliasDuplicateObjects: false })
  return `# The alerts, ${use}. Generated from dashboards/alerts/ by \`npm run dashboards\`.\n${text}`
}

function rulesOf(alert: Alert, pace: PaceName) {
  const { critical } = alert
  return critical === undefined
    ? [ruleOf(alert, alert, alert.severity, pace)]
    : [ruleOf(alert, critical, 'critical', pace), ruleOf(alert, alert, alert.severity, pace)]
}

function ruleOf(alert: Alert, { lasting, expression, description }: Condition, severity: string, pace: PaceName) {
  const { name, finding, summary, board } = alert
  return {
    alert: `Spillway${name}`,
    expr: expression(paces[pace]),
    for: lasting[pace],
    labels: { severity, finding },
    annotations: {
      summary,
      // As the diagnosis of the same finding says it.
      description: isCured(finding) ? `${description} ${cureInWords(finding)}`.trim() : description,
      runbook_url: `${pages}/${finding}.md`,
      dashboard_url: `/d/spillway-${board}?orgId=1${variables}`,
    },
  }
}
