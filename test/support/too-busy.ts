import type { FinishedRun } from '#lab/experiment/run-experiment.ts'

/** A machine that others use too has quieter moments. */
export const wasTooBusy = ({ verdict: { status, reason } }: FinishedRun): boolean =>
  status === 'not judged' && /^this machine was too busy/.test(reason ?? '')
