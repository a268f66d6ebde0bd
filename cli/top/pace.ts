/** How often `spillway top` reads, and how often it draws. */
export const TOP_PACE = {
  /** From one picture to the next. */
  everyMs: 250,
  // Waits are shown: more than twice a second is still cheap, within the budget that an exporter has.
  pace: { sampleIntervalMs: 10, connectionsIntervalMs: 400 },
} as const
