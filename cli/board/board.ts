/** `spillway board`: the live board of a lab that something else has started, or of any host that an exporter reads. */
import { attach } from '#lab/attached.ts'
import { askLineFrom, type MomentSource, momentsFrom } from '#live/host/moments.ts'
import { Loads } from '#live/loads.ts'
import { observe } from '#live/observer.ts'
import { stopOnSignal } from '../stop-on-signal.ts'
import { TOP_PACE } from '../top/pace.ts'
import { openBoard, showHost } from './host.ts'
import { help, readOptions } from './options.ts'
import { showBoard } from './shown.ts'

/** What can be done only where the lab was started, and how; and how it is started again. */
const byDocker = {
  startAgain: 'docker compose up -d',
  unavailable: {
    sysctl: 'Set it in docker-compose.yml: a container cannot change the sysctls of its network namespace.',
    restart: 'Docker restarts it automatically.',
    'run experiment': 'Each experiment starts its own lab: use spillway run on the host.',
  },
}
const byKubernetes = {
  startAgain: 'kubectl rollout restart statefulset',
  unavailable: {
    sysctl: 'Set it in the values of the chart (lab.sysctls): a container cannot change the sysctls of its pod.',
    restart: 'The kubelet restarts it automatically, after a second death within minutes with a delay.',
    'run experiment': 'Each experiment starts its own lab: use spillway run --driver kubernetes where kubectl is.',
  },
}

/** Runs until a signal. */
export async function board(args: string[]): Promise<void> {
  const options = readOptions(args)
  if (options === undefined) {
    process.stdout.write(help)
    return
  }
  const stop = stopOnSignal()
  if ('host' in options.of) {
    const { host } = options.of
    const source: MomentSource = (signal, onGap) => momentsFrom(host, TOP_PACE.everyMs, signal, onGap)
    const startAgain = `spillway board --exporter ${host}`
    const { listen, open, allowedHosts } = options
    const waiting = askLineFrom(host)
    await showHost(source, { listen, open, allowedHosts, waiting, option: '--listen', startAgain }, stop.signal)
    return
  }
  // The kubelet tells every container where the API server is.
  const { unavailable, startAgain } = process.env.KUBERNETES_SERVICE_HOST === undefined ? byDocker : byKubernetes
  await using shown = await showBoard(
    options.listen,
    undefined,
    unavailable,
    startAgain,
    undefined,
    options.allowedHosts,
  )
  process.stdout.write(`Board at ${shown.url}\n`)
  if (options.open) await openBoard(shown.url)
  try {
    const lab = await attach(options.of.lab, stop.signal)
    const loads = new Loads(lab)
    shown.begin({ lab, loads }, observe(lab, stop.signal))
    await shown.ended
  } catch (error) {
    if (!stop.signal.aborted) throw error
  }
}
