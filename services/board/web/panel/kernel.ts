/** Sysctls of the server's namespace, and how the kernel spreads connections over the shards. */

import { switchNames } from '#live/names.ts'
import type { SysctlName } from '#live/orders.ts'
import type { LiveState } from '#live/state.ts'
import type { PageConfig } from '../../api.ts'
import { html } from '../page/dom.ts'
import { Choice, NumberSetting } from './controls.ts'
import type { Orders } from './orders.ts'

const choices: {
  key: 'syncookies' | 'abortOnOverflow' | 'migrateReq'
  sysctl: SysctlName
  title: string
  options: [string, string][]
  does: string
}[] = [
  {
    key: 'syncookies',
    sysctl: 'net.ipv4.tcp_syncookies',
    title: 'tcp_syncookies',
    options: [
      ['0', '0 never'],
      ['1', '1 when full'],
      ['2', '2 always'],
    ],
    does: 'When the SYN queue is full: drop the SYN (0) or answer with a cookie (1). 2 always sends cookies and never stores a request.',
  },
  {
    key: 'abortOnOverflow',
    sysctl: 'net.ipv4.tcp_abort_on_overflow',
    title: 'tcp_abort_on_overflow',
    options: [
      ['0', '0 ignore'],
      ['1', '1 reset'],
    ],
    does: 'A final ACK that meets a full accept queue is ignored (0) or answered with a reset (1). A SYN is dropped either way.',
  },
  {
    key: 'migrateReq',
    sysctl: 'net.ipv4.tcp_migrate_req',
    title: 'tcp_migrate_req',
    options: [
      ['0', '0 reset'],
      ['1', '1 migrate'],
    ],
    does: 'Connections waiting in the queue of a shard that closes are reset (0), or moved to another shard regardless of its limit (1).',
  },
]

export class KernelTab {
  readonly element: HTMLElement
  readonly #choices: { key: (typeof choices)[number]['key']; choice: Choice<string> }[]
  readonly #somaxconn: NumberSetting
  readonly #steering: Choice<string>
  #state: LiveState | undefined

  constructor(orders: Orders, unavailable: PageConfig['unavailable']) {
    this.#choices = choices.map(({ key, sysctl, title, options, does }) => {
      const choice = new Choice<string>({ name: title, does }, options, (value) => {
        void orders.send({ do: 'sysctl', name: sysctl, value: Number(value) })
      })
      choice.refuse(unavailable.sysctl)
      return { key, choice }
    })
    this.#somaxconn = new NumberSetting(
      {
        name: 'somaxconn',
        does: 'Caps every backlog at the next listen(); sockets that already listen keep their limit.',
      },
      { unit: '', action: 'Set', value: 4096, max: 2_147_483_647 },
      (value) => void orders.send({ do: 'sysctl', name: 'net.core.somaxconn', value }),
    )
    this.#somaxconn.refuse(unavailable.sysctl)
    this.#steering = new Choice<string>(
      {
        name: switchNames.steering,
        does: 'A small program in the kernel chooses the shard of each SYN; hash means no program. None of them looks at how full a queue is.',
      },
      [['hash', 'hash']],
      (value) => this.#steer(orders, value),
    )
    this.element = html(
      'div',
      {},
      this.#steering.element,
      ...this.#choices.map(({ choice }) => choice.element),
      this.#somaxconn.element,
    )
  }

  draw(state: LiveState): void {
    this.#state = state
    for (const { key, choice } of this.#choices) choice.draw(String(state.sysctls[key]))
    this.#somaxconn.draw(state.sysctls.somaxconn)
    const sharded = state.mode === 'sharded' && state.shards.length > 1 && state.server === undefined
    this.#steering.element.hidden = !sharded
    if (!sharded) return
    const fixed = state.shards.slice(0, 8).map(({ shard }): [string, string] => [String(shard), `all to ${shard}`])
    this.#steering.offer([['hash', 'hash'], ['random', 'random'], ['cpu', 'CPU'], ...fixed])
    const { steering } = state
    this.#steering.draw(steering.by === 'member' ? String(steering.member + 1) : steering.by)
  }

  #steer(orders: Orders, value: string): void {
    const members = Math.max(1, (this.#state?.shards ?? []).filter(({ state }) => state === 'listening').length)
    if (value === 'random') void orders.send({ do: 'steer', steering: { by: 'random', members } })
    else if (value === 'hash' || value === 'cpu') void orders.send({ do: 'steer', steering: { by: value } })
    else void orders.send({ do: 'steer', steering: { by: 'member', member: Number(value) - 1 } })
  }
}
