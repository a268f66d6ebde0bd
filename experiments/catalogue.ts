/** Every experiment, in the order in which they teach best. */
import backlogClamp from './backlog-clamp.ts'
import slowAccept from './slow-accept.ts'
import smallBacklog from './small-backlog.ts'
import stalledLoop from './stalled-loop.ts'
import type { Experiment } from './vocabulary/experiment.ts'

export const experiments: readonly Experiment[] = [backlogClamp, smallBacklog, slowAccept, stalledLoop]
