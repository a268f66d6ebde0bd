/** What a plan changes in docker-compose.yml, as a second file beside it. */
import type { LabPlan } from '../driver.ts'

/** Inside the lab's server; the host's own ports are chosen by Docker, so that they never collide. */
export const EXPORTER_PORT = 10511
export const controlPort = (backend: number): number => 9100 + backend
export const AGENT_PORT = 10512

const DEFAULT_BACKLOG = 128
const DEFAULT_WORKERS = 3

/** The override file of a plan. YAML, since a list that replaces another needs its `!override`. */
export function override(plan: LabPlan): string {
  const quoted = (values: readonly string[]): string => JSON.stringify(values)
  const ports = [EXPORTER_PORT, ...plan.backends.map((_, index) => controlPort(index + 1))]
  const sysctls = Object.entries(plan.sysctls).map(([name, value]) => `      ${name}: ${JSON.stringify(String(value))}`)
  const exporter = [
    ...['exporter', `--listen=0.0.0.0:${EXPORTER_PORT}`, '--netns=lab=/proc/self/ns/net'],
    ...[`--sample-interval=${plan.sampleIntervalMs}ms`, `--peak-window=${plan.peakWindowMs}ms`],
  ]
  return [
    'services:',
    '  net:',
    `    ports: !override ${quoted(ports.map((port) => `127.0.0.1::${port}`))}`,
    ...(sysctls.length > 0 ? ['    sysctls:', ...sysctls] : []),
    '  exporter:',
    `    command: ${quoted(exporter)}`,
    ...plan.backends.flatMap((backend, index) => [
      `  backend-${index + 1}:`,
      // A backend that an experiment kills stays dead until it is started again.
      "    restart: 'no'",
      '    depends_on: !override { net: { condition: service_healthy } }',
      `    command: ${quoted(backendArguments(plan, index + 1, backend))}`,
    ]),
    '',
  ].join('\n')
}

/** Later options win over those of the entrypoint in docker-compose.yml. */
function backendArguments(plan: LabPlan, number: number, backend: LabPlan['backends'][number]): string[] {
  return [
    ...[`--name=backend-${number}`, `--control=0.0.0.0:${controlPort(number)}`, '--closed'],
    ...[`--host=${plan.address}`, `--port=${plan.port}`, `--mode=${plan.mode}`],
    `--backlog=${backend.backlog ?? DEFAULT_BACKLOG}`,
    ...(plan.mode === 'shared' ? [`--workers=${backend.workers ?? DEFAULT_WORKERS}`] : []),
  ]
}
