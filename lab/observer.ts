/** Watches a lab: the exporter's stream at its own pace, the backends and the loads a few times a second. */
import os from 'node:os'
import type { LoadReport } from '#load/agent/api.ts'
import type { BackendStatus } from '#services/backend/api.ts'
import type { Lab } from './lab.ts'
import { type LabView, type Moment, type Setting, viewOf } from './view.ts'

const POLL_MS = 250
/** Sysctls change by hand, and reading one can mean starting a container. */
const POLLS_A_SYSCTL = 20
/** Rates are taken over this span. */
const RATE_SPAN_MS = 1000

/**
 * A view of the lab for every snapshot of the exporter, until `signal` or the reader ends it. A backend that does not
 * answer is shown as down.
 */
export async function* observe(lab: Lab, signal: AbortSignal): AsyncGenerator<LabView> {
  using poll = new Poll(lab)
  const history: Moment[] = []
  for await (const snapshot of lab.stream(signal)) {
    const moment: Moment = { snapshot, backends: poll.backends, loads: poll.loads }
    history.push(moment)
    const spanStart = snapshot.monotonicMs - RATE_SPAN_MS
    while (history.length > 2 && history[1]!.snapshot.monotonicMs <= spanStart) history.shift()
    yield viewOf(moment, history.length > 1 ? history[0] : undefined, { ...poll.setting, steering: lab.group.steering })
  }
}

/** What is asked for again and again, beside the stream. */
class Poll {
  backends: (BackendStatus | undefined)[] = []
  loads: LoadReport[] = []
  setting: Omit<Setting, 'steering'>
  readonly #lab: Lab
  #polls = 0
  #timer: NodeJS.Timeout | undefined
  #over = false

  constructor(lab: Lab) {
    this.#lab = lab
    const { address, port, mode } = lab.plan
    this.setting = { kernel: os.release(), address, port, mode, syncookies: 1 }
    void this.#ask()
  }

  async #ask(): Promise<void> {
    if (this.#polls++ % POLLS_A_SYSCTL === 0) void this.#readSyncookies()
    const [backends, loads] = await Promise.all([
      Promise.all(this.#lab.backends.map((backend) => backend.status().catch(() => undefined))),
      this.#lab.clients.reports().catch(() => this.loads),
    ])
    this.backends = backends
    this.loads = loads
    if (!this.#over) this.#timer = setTimeout(() => void this.#ask(), POLL_MS)
  }

  async #readSyncookies(): Promise<void> {
    const value = await this.#lab.readSysctl('net.ipv4.tcp_syncookies').catch(() => undefined)
    if (value !== undefined) this.setting = { ...this.setting, syncookies: Number(value) }
  }

  [Symbol.dispose](): void {
    this.#over = true
    clearTimeout(this.#timer)
  }
}
