/** Watches a lab: the exporter's stream at its own pace, the backends and the loads a few times a second. */
import os from 'node:os'
import { monotonicMs } from '#common/clock.ts'
import { orEnd, Patience } from '#common/waiting.ts'
import { ServiceError } from '#lab/endpoint.ts'
import type { Lab } from '#lab/lab.ts'
import type { Told } from '#lab/told.ts'
import type { LoadReport } from '#load/agent/api.ts'
import type { Snapshot } from '#services/exporter/snapshot.ts'
import { Memory } from './memory.ts'
import { type LabView, type Moment, type Setting, type Sysctls, shownSysctls, sysctlDefaults, viewOf } from './view.ts'

const POLL_MS = 250
/** Who has not answered by then is shown as down: what was last heard of it is old. */
const ANSWER_MS = 2000
/** Sysctls change by hand, and reading one can mean starting a container. */
const POLLS_A_SYSCTL = 20
/** Rates are taken over this span. */
const RATE_SPAN_MS = 1000

/**
 * A view of the lab for every snapshot of the exporter, until `signal`, the reader or the lab's own stop ends it. A backend that does not
 * answer is shown as down. While the exporter is missing no views come; they resume when it is back. If the lab ends, this
 * throws the reason, a UsageError.
 */
export async function* observe(lab: Lab, signal: AbortSignal): AsyncGenerator<LabView> {
  using poll = new Poll(lab)
  // Nothing from before a gap is held against what comes after it.
  let history: Moment[] = []
  let memory = new Memory()
  for await (const snapshot of snapshots(lab, signal, () => {
    history = []
    memory = new Memory()
  })) {
    const { backends, loads, synRetransmits, askedMs } = poll
    const moment: Moment = { snapshot, backends, loads, synRetransmits, askedMs }
    history.push(moment)
    const spanStart = snapshot.monotonicMs - RATE_SPAN_MS
    while (history.length > 2 && history[1]!.snapshot.monotonicMs <= spanStart) history.shift()
    const setting = { ...poll.setting, steering: lab.group.steering, gaps: [...lab.gaps] }
    const ended = lab.serverEnd
    if (setting.server !== undefined && ended !== undefined && backends.every((told) => told?.runs === false))
      setting.server = { ...setting.server, ended: ended.how }
    const remembered = memory.see(moment, setting.port)
    yield viewOf(moment, history.length > 1 ? history[0] : undefined, setting, remembered)
  }
}

/** The exporter's stream, and that of its successor. `onGap` hears when it has broken off. */
async function* snapshots(lab: Lab, signal: AbortSignal, onGap: () => void): AsyncGenerator<Snapshot> {
  const over = AbortSignal.any([signal, lab.over, lab.stopped])
  while (!over.aborted)
    try {
      yield* lab.stream(over)
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error
      onGap()
      // Ends with the lab's reason, or with the reader's.
      await lab.exporter.healthy({ signal: over, withinMs: Infinity }).catch(() => {})
    }
  lab.over.throwIfAborted()
}

/** What is polled, beside the stream. */
class Poll {
  backends: (Told | undefined)[] = []
  loads: LoadReport[] = []
  synRetransmits = 0
  askedMs = 0
  setting: Omit<Setting, 'steering' | 'gaps'>
  readonly #lab: Lab
  #polls = 0
  #settingsRead = -1
  #timer: NodeJS.Timeout | undefined
  #over = false

  constructor(lab: Lab) {
    this.#lab = lab
    const { address, port, mode, server } = lab.plan
    this.setting = {
      kernel: os.release(),
      address,
      port,
      mode,
      ...(server === undefined ? {} : { server: { name: server.name, reloads: server.reload !== undefined } }),
      sysctls: sysctlDefaults,
    }
    void this.#ask()
  }

  async #ask(): Promise<void> {
    const { settingsMade } = this.#lab
    if (this.#polls++ % POLLS_A_SYSCTL === 0 || settingsMade !== this.#settingsRead) {
      this.#settingsRead = settingsMade
      void this.#readSysctls()
    }
    const askedMs = monotonicMs()
    using patience = new Patience(ANSWER_MS)
    const answerOf = <Answer, Otherwise>(asking: Promise<Answer>, otherwise: Otherwise): Promise<Answer | Otherwise> =>
      orEnd(asking, patience.signal).catch(() => otherwise)
    const [backends, loads, synRetransmits] = await Promise.all([
      Promise.all(this.#lab.backends.map((backend) => answerOf(backend.told(), undefined))),
      // An agent that is gone has taken its loads with it.
      answerOf(this.#lab.clients.reports(), []),
      answerOf(
        this.#lab.clients.counters().then(({ counters }) => counters.TcpExt_TCPSynRetrans ?? 0),
        this.synRetransmits,
      ),
    ])
    this.backends = backends
    this.setting = withCpu(this.setting, backends)
    this.loads = loads
    this.synRetransmits = synRetransmits
    this.askedMs = askedMs
    if (!this.#over) this.#timer = setTimeout(() => void this.#ask(), POLL_MS)
  }

  async #readSysctls(): Promise<void> {
    const sysctls: Sysctls = { ...this.setting.sysctls }
    for (const key of Object.keys(shownSysctls) as (keyof Sysctls)[]) {
      const value = await this.#lab.readSysctl(shownSysctls[key]).catch(() => undefined)
      sysctls[key] = value === undefined ? -1 : Number(value)
    }
    this.setting = { ...this.setting, sysctls }
  }

  [Symbol.dispose](): void {
    this.#over = true
    clearTimeout(this.#timer)
  }
}

/** What somebody's server is held to is the same for all its sockets. */
function withCpu<Known extends Pick<Setting, 'server'>>(
  setting: Known,
  backends: readonly (Told | undefined)[],
): Known {
  const { server } = setting
  const cpu = backends.find((backend) => backend?.cpu !== undefined)?.cpu
  if (server === undefined || cpu === undefined) return setting
  const { cpuPercent: _, ...rest } = server
  return { ...setting, server: { ...rest, ...('percent' in cpu ? { cpuPercent: cpu.percent } : {}) } }
}
