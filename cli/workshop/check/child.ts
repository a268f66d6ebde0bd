/** Runs a participant's file in a process of its own, and tells its parent what comes of it. Whatever the file does, the board goes on. */
import { describeError } from '#common/errors.ts'
import { ONLY_CASE } from '#experiments/vocabulary/experiment.ts'
import { readingsOf } from '#lab/experiment/readings.ts'
import { runExperiment } from '#lab/experiment/run-experiment.ts'
import { namespaces } from '#lab/namespaces/driver.ts'
import type { CheckNews } from '#services/board/server/workshop.ts'
import { loadExperiment } from '../../run/file.ts'
import { examine, exercises } from './exercises.ts'

const [name = '', file = '', out = ''] = process.argv.slice(2)
const interrupt = new AbortController()
process.once('SIGTERM', () => interrupt.abort(new Error('the check was stopped')))
process.once('disconnect', () => interrupt.abort(new Error('the workshop has ended')))

const tell = (news: CheckNews): void => {
  if (process.connected) process.send?.(news)
}

try {
  await check()
} catch (error) {
  tell({ problem: describeError(error, 'the experiment, or in Spillway') })
}
if (process.connected) process.disconnect()

async function check(): Promise<void> {
  const exercise = exercises[name]
  if (exercise === undefined) return tell({ problem: `There is no exercise '${name}'` })
  const experiment = await loadExperiment(file)
  const { verdict, recordings } = await runExperiment(experiment, {
    driver: namespaces,
    out,
    signal: interrupt.signal,
    onPhase: (lab, phase) => tell({ phase: lab === ONLY_CASE ? phase : `${lab}, ${phase}` }),
  })
  const { status, reason, expectations } = verdict
  // Outside of its expectations nothing can be said about the answer.
  if (status === 'broken' || reason !== null) return tell({ problem: `${status}: ${reason ?? 'no reason was given'}` })
  const cases = recordings.map((recording) => ({ recording, readings: readingsOf(recording) }))
  tell({ found: examine(exercise, { experiment, cases, expectations }), status })
}
