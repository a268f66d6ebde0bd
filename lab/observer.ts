/** Watches a lab: the exporter's stream at its own pace, the backends and the loads a few times a second. */
import os from 'node:os'
import type { LoadReport } from '#load/agent/api.ts'
import type { BackendStatus } from '#services/backend/api.ts'
import type { Lab } from './lab.ts'
import { type LabView, type Moment, type Setting, viewOf } from './view.ts'

const POLL_MS = 250
/** Rates are taken over this span. */
const RATE_SPAN_MS = 1000

/** A view of the lab for every snapshot of the exporter, until `signal` ends it. A backend that does not answer is shown as down. */
export async function* observe(lab: Lab, signal: AbortSignal): AsyncGenerator<LabView> {
  const polled = new Poll(lab)
  const history: Moment[] = []
  polled.begin(signal)
  for await (const snapshot of lab.stream(signal)) {
    const moment: Moment = { snapshot, backends: polled.backends, loads: polled.loads }
    history.push(moment)
    const spanStart = snapshot.monotonicMs - RATE_SPAN_MS
    while (history.length > 2 && history[1]!.snapshot.monotonicMs <= spanStart) history.shift()
    yield viewOf(moment, history.length > 1 ? history[0] : undefined, polled.setting)
  }
}

/** What is asked for again and again, beside the stream. */
class Poll {
  backends: (BackendStatus | undefined)[] = []
  loads: LoadReport[] = []
  setting: Setting
  readonly #lab: Lab

  constructor(lab: Lab) {
    this.#lab = lab
    const { address, port, mode } = lab.plan
    this.setting = { kernel: os.release(), address, port, mode, syncookies: 1 }
  }

  begin(signal: AbortSignal): void {
    const again = async (): Promise<void> => {
      const [backends, loads, syncookies] = await Promise.all([
        Promise.all(this.#lab.backends.map((backend) => backend.status().catch(() => undefined))),
        this.#lab.clients.reports().catch(() => this.loads),
        this.#lab.readSysctl('net.ipv4.tcp_syncookies').catch(() => undefined),
      ])
      this.backends = backends
      this.loads = loads
      this.setting = { ...this.setting, syncookies: Number(syncookies ?? this.setting.syncookies) }
      if (!signal.aborted) setTimeout(again, POLL_MS)
    }
    void again()
  }
}
