/** What can be done to one backend, or to all. */

import { number, whole } from '#common/quantities.ts'
import { switchNames } from '#live/names.ts'
import type { SwitchOrder } from '#live/orders.ts'
import type { LiveState, ShardView } from '#live/state.ts'
import type { PageConfig } from '../../api.ts'
import { html, say, set } from '../page/dom.ts'
import { Action, Choice, NumberSetting, Toggle } from './controls.ts'
import type { Orders } from './orders.ts'

const ALL = 'all'

const does = {
  stall: 'Blocks its event loop. The kernel continues to complete handshakes until the accept queue is full.',
  stop: 'Stops the processes that accept here (SIGSTOP). The kernel continues to complete handshakes until the accept queue is full.',
  kill: 'SIGKILL, like a crash: the kernel closes its sockets. Switch off to start it again.',
  killServer: 'SIGKILL to all its processes: the kernel closes its sockets. Switch off to start it again.',
} as const

/** The switches of one backend: where several are chosen they show what all have in common. */
export class ShardTab {
  readonly element: HTMLElement
  readonly #orders: Orders
  readonly #choice: Choice<string>
  readonly #summary = html('p', { class: 'summary' })
  readonly #stall: Toggle
  readonly #delay: NumberSetting
  readonly #neverRead: Toggle
  readonly #backlog: NumberSetting
  readonly #listener: Toggle
  readonly #process: Toggle
  /** Of a server that is not ours. */
  readonly #stop: Action
  readonly #reload: Action
  readonly #cpu: NumberSetting
  readonly #unavailable: PageConfig['unavailable']
  #chosen = '1'
  #state: LiveState | undefined

  constructor(orders: Orders, unavailable: PageConfig['unavailable'], onSelect: (shard: number) => void) {
    this.#orders = orders
    this.#unavailable = unavailable
    this.#choice = new Choice<string>({ name: 'Backend', does: '' }, [['1', '1']], (value) => {
      this.#chosen = value
      this.#redraw()
      onSelect(value === ALL ? 0 : Number(value))
    })
    this.#stall = new Toggle(
      {
        name: switchNames.stall,
        does: does.stall,
      },
      (on) => this.#send((shard) => ({ do: on ? 'stall' : 'release', shard })),
    )
    this.#delay = new NumberSetting(
      {
        name: switchNames.acceptDelayMs,
        does: 'Blocks the event loop for this long after each accept(), which limits the accepts per second.',
      },
      { unit: 'ms', action: 'Set', value: 0, max: 60_000 },
      (acceptDelayMs) => this.#send((shard) => ({ do: 'fault', shard, faults: { acceptDelayMs } })),
    )
    this.#backlog = new NumberSetting(
      {
        name: switchNames.backlog,
        does: 'Calls listen() again on the open socket: the new limit applies at once, and waiting connections stay.',
      },
      { unit: '', action: 'listen()', value: 128, max: 2_147_483_647 },
      (backlog) => this.#send((shard) => ({ do: 'relisten', shard, backlog })),
    )
    this.#neverRead = new Toggle(
      {
        name: switchNames.neverRead,
        does: 'accept() continues, read() stops: receive queues fill, then the kernel closes their windows.',
      },
      (neverRead) => this.#send((shard) => ({ do: 'fault', shard, faults: { neverRead } })),
    )
    this.#listener = new Toggle(
      {
        name: switchNames.close,
        does: 'close(): waiting connections are reset, or move to another shard if tcp_migrate_req is 1.',
      },
      (on) => this.#send((shard) => ({ do: on ? 'close' : 'open', shard })),
    )
    this.#process = new Toggle(
      {
        name: switchNames.kill,
        does: does.kill,
      },
      (on) =>
        this.#state?.server === undefined
          ? this.#send((shard) => ({ do: on ? 'kill' : 'restart', shard }))
          : this.#sendOnce(on ? 'kill' : 'restart'),
    )
    this.#process.refuse(unavailable.kill)
    this.#stop = new Action(
      { name: switchNames.stop, does: 'Asks the server to end in order, and waits until it has.' },
      () => this.#sendOnce('stop'),
    )
    this.#reload = new Action(
      { name: switchNames.reload, does: 'Has the server take new workers or a new configuration, as it does itself.' },
      () => this.#sendOnce('reload'),
    )
    this.#cpu = new NumberSetting(
      {
        name: switchNames.cpu,
        does: 'All its processes together get no more than this share of one CPU: it is slow, and stands still for moments only. 0 takes the quota away.',
      },
      { unit: '% of a CPU', action: 'Set', value: 0, max: 100 },
      (percent) => void this.#orders.send({ do: 'slow', shard: this.chosen[0]?.shard ?? 1, percent }),
    )
    this.element = html(
      'div',
      {},
      this.#choice.element,
      this.#summary,
      ...[
        this.#stall,
        this.#delay,
        this.#backlog,
        this.#neverRead,
        this.#listener,
        this.#cpu,
        this.#reload,
        this.#stop,
        this.#process,
      ].map(({ element }) => element),
    )
  }

  select(shard: number): void {
    this.#chosen = String(shard)
    this.#redraw()
  }

  get areSeveral(): boolean {
    return (this.#state?.shards.length ?? 0) > 1
  }

  draw(state: LiveState): void {
    this.#state = state
    this.#redraw()
  }

  #redraw(): void {
    if (this.#state === undefined) return
    const { shards } = this.#state
    const names = shards.map(({ shard }): [string, string] => [String(shard), String(shard)])
    this.#choice.offer(shards.length > 1 ? [...names, [ALL, 'all']] : names)
    this.#choice.draw(this.#chosen)
    const chosen = this.chosen
    const [first] = chosen
    if (first === undefined) return
    const waiting = chosen.reduce((sum, { length }) => sum + length, 0)
    const fits = chosen.reduce((sum, { limit, state }) => sum + (state === 'listening' ? limit + 1 : 0), 0)
    const drops = chosen.reduce((sum, { dropsPerSecond }) => sum + dropsPerSecond, 0)
    say(
      this.#summary,
      fits === 0
        ? `${first.state === 'down' ? 'Down' : 'Closed'}: no queue`
        : `${number(waiting)} of ${number(fits)} waiting · ${whole(drops)} drops a second${cappedWords(chosen)}`,
    )
    this.#offer(this.#state)
    this.#stall.draw(chosen.every(({ stalled }) => stalled))
    this.#delay.draw(first.acceptDelayMs)
    this.#backlog.draw(first.backlog)
    this.#neverRead.draw(chosen.every(({ faults }) => faults.includes(switchNames.neverRead.toLowerCase())))
    this.#listener.draw(chosen.every(({ state }) => state === 'closed'))
    if (this.#unavailable.restart === undefined) this.#process.draw(chosen.every(({ state }) => state === 'down'))
  }

  /** What only a backend of ours can do is not there for another server, and the other way round. */
  #offer({ server }: LiveState): void {
    const own = server !== undefined
    for (const control of [this.#delay, this.#backlog, this.#neverRead, this.#listener])
      set(control.element, 'hidden', own)
    set(this.#stop.element, 'hidden', !own)
    set(this.#reload.element, 'hidden', server?.reloads !== true)
    set(this.#cpu.element, 'hidden', server?.cpuPercent === undefined)
    if (server?.cpuPercent !== undefined) this.#cpu.draw(server.cpuPercent)
    this.#stall.describe(own ? does.stop : does.stall)
    this.#process.describe(own ? does.killServer : does.kill)
    this.#process.rename(own ? switchNames.killServer : switchNames.kill)
  }

  /** A server has one end, however many of its sockets are chosen. */
  #sendOnce(order: 'stop' | 'reload' | 'kill' | 'restart'): void {
    void this.#orders.send({ do: order, shard: this.chosen[0]?.shard ?? 1 })
  }

  /** Those that its switches act on. */
  get chosen(): ShardView[] {
    const shards = this.#state?.shards ?? []
    return this.#chosen === ALL ? shards : shards.filter(({ shard }) => String(shard) === this.#chosen)
  }

  #send(order: (shard: number) => SwitchOrder): void {
    void this.#orders.send(...this.chosen.map(({ shard }) => order(shard)))
  }
}

/** What the kernel has made of a backlog that it did not grant. */
function cappedWords(shards: readonly ShardView[]): string {
  const capped = shards.find(({ state, backlog, limit }) => state === 'listening' && backlog > limit)
  return capped === undefined ? '' : ` · backlog ${number(capped.backlog)} asked, ${number(capped.limit)} in force`
}
