/**
 * How often the exporter of a lab reads for somebody who looks at it. Connections are walked four times a second, so that no
 * age stands beside them while the machine is quiet: a walk costs one to two milliseconds, mostly for the kernel's table as a
 * whole, and the share that an exporter keeps to in production would stretch it to once a second.
 */
export const shownPace = { connectionsIntervalMs: 250, cpuShare: 0.06 } as const
