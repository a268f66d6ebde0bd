/** How the services of a lab are told what the plan wants, the same for every driver. */
import { formatListen, type ListenTarget } from '#common/parse.ts'
import type { LabPlan, ServerPlan } from './driver.ts'
import { server as lab } from './topology.ts'

/** Of backend 1, 2, …: it starts without listening, so that the lab can open them in order. */
export function backendArguments(plan: LabPlan, number: number, control: ListenTarget): string[] {
  const { backlog, workers } = plan.backends[number - 1]!
  return [
    `--name=backend-${number}`,
    `--control=${formatListen(control)}`,
    '--closed',
    `--host=${plan.address}`,
    `--port=${plan.port}`,
    `--mode=${plan.mode}`,
    `--backlog=${backlog}`,
    ...(plan.mode === 'shared' ? [`--workers=${workers}`] : []),
  ]
}

/** Of the keeper of a server that is not ours. */
export function keeperArguments(
  { address, port }: LabPlan,
  server: ServerPlan,
  folder: string,
  socket: string | undefined,
): string[] {
  const { name, command, onlyPort, ready, stop, reload, output } = server
  return [
    `--name=${name}`,
    ...(socket === undefined ? [] : [`--socket=${socket}`]),
    `--address=${address}`,
    ...(address === lab.address ? [`--address6=${lab.address6}`] : []),
    `--port=${port}`,
    ...(onlyPort === true ? ['--only-port'] : []),
    ...(ready === undefined ? [] : [`--ready=${ready}`]),
    ...(stop === undefined ? [] : [`--stop=${stop}`]),
    ...(reload === undefined ? [] : [`--reload=${reload}`]),
    `--output=${output ?? `${folder}/server.log`}`,
    ...(output === undefined ? [] : ['--keep-all']),
    `--folder=${folder}`,
    '--',
    ...command,
  ]
}

/** Of the exporter, which reads the namespace it is started in and calls it `lab`. */
export function exporterArguments(plan: LabPlan, listen: ListenTarget): string[] {
  return [
    `--listen=${formatListen(listen)}`,
    '--netns=lab=/proc/self/ns/net',
    `--sample-interval=${plan.sampleIntervalMs}ms`,
    // A lab misses nothing after a quiet minute either.
    `--quiet-interval=${plan.sampleIntervalMs}ms`,
    `--syn-interval=${plan.synIntervalMs}ms`,
    `--connections-interval=${plan.connectionsIntervalMs}ms`,
    `--cpu-budget=${plan.cpuShare * 100}%`,
    `--peak-window=${plan.peakWindowMs}ms`,
    ...(plan.exact === undefined ? [] : [`--exact=${plan.exact}`]),
    '--look-budget=100%', // an experiment reads at the very moment that it speaks of
  ]
}
