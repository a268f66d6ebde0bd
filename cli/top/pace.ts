import { defaultPace, type SamplingPace } from '#services/exporter/sampler/pace.ts'

/**
 * How often `spillway top` reads, and how often it draws. It is watched by a person and must cost the host little: reading the
 * queues may take two hundredths of a core, the rest half of what an exporter gives it.
 */
export const TOP_PACE = {
  /** From one picture to the next. */
  everyMs: 500,
  pace: {
    // Below the five milliseconds of a short stall, or of a garbage collection: a queue that is full for so long is seen.
    sampleIntervalMs: 4,
    // Hardly less often where nothing has waited for a minute: the first burst after a calm is what one looks for.
    quietIntervalMs: 4.5,
    connectionsIntervalMs: 500,
    cpuShare: 0.01,
    listenersShare: 0.02,
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
