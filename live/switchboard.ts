/** What the board's switches do to a lab. */
import { UsageError } from '#common/errors.ts'
import { plural } from '#common/quantities.ts'
import { ServiceError } from '#lab/endpoint.ts'
import type { Lab } from '#lab/lab.ts'
import {
  backlogConfirmed,
  faultsConfirmed,
  loadConfirmed,
  loadStopped,
  openConfirmed,
  slowConfirmed,
  stallConfirmed,
  sysctlConfirmed,
} from './confirmations.ts'
import type { ExperimentRunner } from './experiment-runner.ts'
import type { Loads } from './loads.ts'
import { stateNames, steeringName } from './names.ts'
import type { Switches, SwitchOrder } from './orders.ts'

/** What the orders are about: the lab is there once it has started. */
export interface Switchable {
  lab: Lab
  loads: Loads
}

/** The board's actions, taken in turn with whatever else is ordered of the lab. `switchable` is asked for at each order. */
export function switchboard(
  switchable: () => Switchable | undefined,
  experiments: ExperimentRunner,
  unavailable: Switches['unavailable'] = {},
): Switches {
  return {
    experiments: experiments.list,
    unavailable,
    async perform(order) {
      const reason = unavailable[order.do]
      if (reason !== undefined) throw new UsageError(reason)
      if (order.do === 'stop experiment') return experiments.stop()
      if (order.do === 'dismiss experiment') return experiments.dismiss()
      const there = switchable()
      if (there === undefined) throw new UsageError('The lab is still starting', 'Try again when it is shown')
      if (order.do === 'run experiment') return experiments.start(order.name)
      // Whoever orders it sees another lab.
      if (experiments.current?.running === true)
        throw new UsageError(`${experiments.current.name} is running`, 'Wait until it ends, or stop it')
      try {
        return await there.lab.orders.run(() => perform(order, there))
      } catch (error) {
        // A service that is gone, or refuses, is not a fault of the board: its message goes to the one who pressed the switch.
        throw error instanceof ServiceError ? new UsageError(error.message) : error
      }
    },
  }
}

/** What needs the help of the process that listens. */
const oursAlone: ReadonlySet<SwitchOrder['do']> = new Set(['fault', 'relisten', 'close', 'open', 'steer'])

type LabOrder = Exclude<SwitchOrder, { do: `${string} experiment` }>

async function perform(order: LabOrder, { lab, loads }: Switchable): Promise<string> {
  if ('shard' in order && order.shard > lab.backends.length)
    throw new UsageError(`There is no backend ${order.shard}: this lab has ${plural(lab.backends.length, 'backend')}`)
  const { server } = lab.backends[0] ?? {}
  if (server !== undefined && oursAlone.has(order.do))
    throw new UsageError(
      `${server} is not a backend of Spillway, and has no such switch`,
      'Stall, release, a CPU quota, reload, stop, kill and restart work on any server',
    )
  switch (order.do) {
    case 'stall':
      return stallConfirmed(
        order.shard,
        await lab.backend(order.shard).change({ stalled: true }, order.process),
        order.process,
      )
    case 'release':
      return stallConfirmed(order.shard, await lab.backend(order.shard).change({ stalled: false }))
    case 'fault':
      return faultsConfirmed(order.shard, await lab.backend(order.shard).change(order.faults))
    case 'relisten':
      return backlogConfirmed(order.shard, order.backlog, await lab.backend(order.shard).limit(order.backlog))
    case 'close':
      await lab.backend(order.shard).close()
      return `Backend ${order.shard} is ${stateNames.closed}: it has no listener`
    case 'open':
      await lab.backend(order.shard).open()
      return openConfirmed(order.shard, await lab.backend(order.shard).told())
    case 'kill':
      await lab.backend(order.shard).kill()
      return `${whoOf(lab, order.shard)} is ${stateNames.killed}`
    case 'restart':
      await lab.backend(order.shard).restart()
      return `${whoOf(lab, order.shard)} is ${stateNames.restarted}`
    case 'stop':
      await lab.backend(order.shard).order('stop')
      return `${whoOf(lab, order.shard)} is ${stateNames.stopped}`
    case 'slow':
      await lab.backend(order.shard).slow(order.percent)
      return slowConfirmed(await lab.backend(order.shard).told())
    case 'reload':
      await lab.backend(order.shard).order('reload')
      return `${whoOf(lab, order.shard)} is ${stateNames.reloaded}`
    case 'steer':
      return steer(lab, order.steering)
    case 'sysctl':
      return setSysctl(lab, order.name, order.value)
    case 'start load':
      return loadConfirmed(order.load, order.amount, await loads.start(order.load, order.amount))
    case 'stop load':
      await loads.stop(order.load)
      return loadStopped(order.load)
  }
}

/** Somebody's server is killed, restarted and so on as a whole, however many sockets it has. */
const whoOf = (lab: Lab, shard: number): string => lab.backend(shard).server ?? `Backend ${shard}`

/** Writes a sysctl, and reads what the kernel has made of it. */
async function setSysctl(lab: Lab, name: string, value: number): Promise<string> {
  await lab.setSysctl(name, value)
  const limits = name === 'net.core.somaxconn' ? await limitsOf(lab) : []
  return sysctlConfirmed(name, value, await lab.readSysctl(name), limits)
}

/** The limits of those that listen now; a backend that does not answer tells none. */
async function limitsOf(lab: Lab): Promise<number[]> {
  const statuses = await Promise.all(lab.backends.map((backend) => backend.told().catch(() => undefined)))
  return statuses.flatMap((status) => (status?.listener ? [status.listener.limit] : []))
}

type SteeringChange = Extract<SwitchOrder, { do: 'steer' }>['steering']

/** Any member may attach the program for the whole group; one that is down or closed cannot. */
async function steer(lab: Lab, steering: SteeringChange): Promise<string> {
  // If the result of the program is not a member the kernel decides by its hash: docs/kernel-facts.md#steering-programs.
  if (steering.by === 'member') {
    const members = (await limitsOf(lab)).length
    if (steering.member >= members)
      throw new UsageError(
        `There is no member ${steering.member + 1} to send all to: ${plural(members, 'shard listens', 'shards listen')}, and the kernel would go on by hash`,
      )
  }
  let refusal: unknown
  for (const backend of lab.backends)
    try {
      await backend.steer(steering)
      return `New connections: ${steeringName(steering)}`
    } catch (error) {
      refusal ??= error
    }
  throw refusal
}
