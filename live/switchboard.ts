/** What the board's switches do to a lab. */
import { UsageError } from '#common/errors.ts'
import { plural } from '#common/quantities.ts'
import { ServiceError } from '#lab/endpoint.ts'
import type { Lab } from '#lab/lab.ts'
import type { ExperimentRunner } from './experiment-runner.ts'
import type { Loads } from './loads.ts'
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

type LabOrder = Exclude<SwitchOrder, { do: `${string} experiment` }>

async function perform(order: LabOrder, { lab, loads }: Switchable): Promise<string> {
  if ('shard' in order && order.shard > lab.backends.length)
    throw new UsageError(`There is no backend ${order.shard}: this lab has ${plural(lab.backends.length, 'backend')}`)
  switch (order.do) {
    case 'stall':
      await lab.backend(order.shard).set({ stalled: true }, order.process)
      return `Backend ${order.shard} is stalled: its event loop is blocked`
    case 'release':
      await lab.backend(order.shard).release()
      return `Backend ${order.shard} has resumed`
    case 'fault':
      await lab.backend(order.shard).set(order.faults)
      return `Backend ${order.shard}: ${Object.entries(order.faults)
        .map(([name, value]) => `${name} ${value}`)
        .join(', ')}`
    case 'relisten':
      await lab.backend(order.shard).relisten(order.backlog)
      return `Backend ${order.shard} has called listen() again with ${order.backlog}: waiting connections stay in its queue`
    case 'close':
      await lab.backend(order.shard).close()
      return `Backend ${order.shard} has closed its listener`
    case 'open':
      await lab.backend(order.shard).open()
      return `Backend ${order.shard} is listening again`
    case 'kill':
      await lab.backend(order.shard).kill()
      return `Backend ${order.shard} was killed`
    case 'restart':
      await lab.backend(order.shard).restart()
      return `Backend ${order.shard} has restarted`
    case 'steer':
      return steer(lab, order.steering)
    case 'sysctl':
      await lab.setSysctl(order.name, order.value)
      return `${order.name} = ${order.value}`
    case 'start load':
      await loads.start(order.load, order.amount)
      return `Load ${order.load}: ${order.amount}`
    case 'stop load':
      await loads.stop(order.load)
      return `Load ${order.load} is off`
  }
}

type SteeringChange = Extract<SwitchOrder, { do: 'steer' }>['steering']

/** Any member may attach the program for the whole group; one that is down or closed cannot. */
async function steer(lab: Lab, steering: SteeringChange): Promise<string> {
  let refusal: unknown
  for (const backend of lab.backends)
    try {
      await backend.steer(steering)
      return inWords(steering)
    } catch (error) {
      refusal ??= error
    }
  throw refusal
}

function inWords(steering: SteeringChange): string {
  switch (steering.by) {
    case 'hash':
      return 'New connections are spread by hash'
    case 'cpu':
      return 'New connections are spread by the CPU that handles the SYN'
    case 'random':
      return 'New connections are spread at random'
    case 'member':
      return `All new connections go to shard ${steering.member + 1}`
  }
}
