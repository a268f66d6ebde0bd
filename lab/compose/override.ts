/** What a plan changes in docker-compose.yml, as a second file beside it. */
import { backendArguments, exporterArguments } from '../arguments.ts'
import type { LabPlan } from '../driver.ts'

/** Inside the lab's server; the host's own ports are chosen by Docker, so that they never collide. */
export const EXPORTER_PORT = 10511
export const controlPort = (backend: number): number => 10_520 + backend
export const AGENT_PORT = 10512

/** The override file of a plan. YAML, since a list that replaces another needs its `!override`. */
export function override(plan: LabPlan): string {
  const quoted = (values: readonly string[]): string => JSON.stringify(values)
  const ports = [EXPORTER_PORT, ...plan.backends.map((_, index) => controlPort(index + 1))]
  const sysctls = Object.entries(plan.sysctls).map(([name, value]) => `      ${name}: ${JSON.stringify(String(value))}`)
  const everywhere = (port: number) => ({ host: '0.0.0.0', port })
  return [
    'services:',
    '  net:',
    `    ports: !override ${quoted(ports.map((port) => `127.0.0.1::${port}`))}`,
    ...(sysctls.length > 0 ? ['    sysctls:', ...sysctls] : []),
    '  exporter:',
    `    command: ${quoted(['exporter', ...exporterArguments(plan, everywhere(EXPORTER_PORT))])}`,
    ...plan.backends.flatMap((_, index) => [
      `  backend-${index + 1}:`,
      // A backend that an experiment kills stays dead until it is started again.
      "    restart: 'no'",
      '    depends_on: !override { net: { condition: service_healthy } }',
      // Without the options that the entrypoint in docker-compose.yml gives: none may be given twice.
      `    entrypoint: ${quoted(['/app/bin/spillway', 'backend'])}`,
      `    command: ${quoted(backendArguments(plan, index + 1, everywhere(controlPort(index + 1))))}`,
    ]),
    '',
  ].join('\n')
}
