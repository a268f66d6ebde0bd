import { defaultPace, type SamplingPace } from '#services/exporter/sampler/pace.ts'

/**
 * How often `spillway top` reads, and how often it draws. It is watched by a person and must cost the host little: reading the
 * queues may take four hundredths of a core when clients come all the time, the rest a quarter of what an exporter gives it.
 */
export const TOP_PACE = {
  /** From one picture of a board to the next. */
  everyMs: 500,
  /** From one picture of a terminal to the next: nobody reads numbers faster, and drawing costs as much as sampling. */
  screenEveryMs: 1000,
  pace: {
    // Below the five milliseconds of a short stall, or of a garbage collection: a queue that is full for so long is seen.
    sampleIntervalMs: 4,
    // Where BPF sees all that happens in a queue, only the length at the moment is left to read.
    watchedIntervalMs: 250,
    // Hardly less often where nothing has waited for a minute: the first burst after a calm is what one looks for.
    quietIntervalMs: 4.5,
    // What is shown of half-open requests and UDP sockets is shown once a second.
    synIntervalMs: 500,
    connectionsIntervalMs: 500,
    cpuShare: 0.005,
    listenersShare: 0.04,
  },
} as const

/** Of these options; whoever looks for some seconds only may take what an exporter takes, so that all is read twice. */
export const paceOf = ({
  sampleIntervalMs,
  once,
}: {
  sampleIntervalMs: number
  once: boolean
}): Partial<SamplingPace> => ({
  ...TOP_PACE.pace,
  sampleIntervalMs,
  ...((once || !process.stdout.isTTY) && { cpuShare: defaultPace.cpuShare }),
})

interface Shown {
  once: boolean
  json: boolean
  web: unknown
}

/** Whether it is drawn on a terminal again and again. */
export const isScreen = ({ once, json, web }: Shown): boolean =>
  process.stdout.isTTY && !once && !json && web === undefined

/** From one snapshot to the next. */
export const everyMsOf = (shown: Shown): number => (isScreen(shown) ? TOP_PACE.screenEveryMs : TOP_PACE.everyMs)
