/** Some connections, as their clients saw them. */
import type { Connections } from '#experiments/vocabulary/readings.ts'
import type { Outcomes } from '#load/agent/api.ts'
import type { RecordedConnection } from './recording.ts'
import { distributionOf } from './statistics.ts'

/** `told`: whether the server says in its answers which backend gave them. */
export function connectionsOf(records: readonly RecordedConnection[], told = true): Connections {
  const outcomes: Outcomes = {
    ok: 0,
    refused: 0,
    reset: 0,
    timedOut: 0,
    noPortLeft: 0,
    closedEarly: 0,
    failed: 0,
    abandoned: 0,
  }
  for (const { outcome } of records) outcomes[isOutcome(outcome, outcomes) ? outcome : 'failed']++
  const times = (read: (record: RecordedConnection) => number | undefined): number[] =>
    records.flatMap((record) => read(record) ?? [])
  return {
    count: records.length,
    connected: records.filter(({ connectedMs }) => connectedMs !== undefined).length,
    outcomes,
    connectMs: distributionOf(times(({ startedMs, connectedMs }) => connectedMs && connectedMs - startedMs)),
    acceptWaitMs: distributionOf(times(({ acceptWaitMs }) => acceptWaitMs)),
    acceptedAfterMs: distributionOf(times(({ startedMs, acceptedMs }) => acceptedMs && acceptedMs - startedMs)),
    firstByteMs: distributionOf(times(({ scheduledMs, firstByteMs }) => firstByteMs && firstByteMs - scheduledMs)),
    totalMs: distributionOf(
      times(({ scheduledMs, closedMs, outcome }) =>
        outcome === 'ok' && closedMs ? closedMs - scheduledMs : undefined,
      ),
    ),
    synRetransmits: records.reduce((sum, { synRetransmits = 0 }) => sum + synRetransmits, 0),
    answeredBy: (backend) =>
      told ? connectionsOf(records.filter((record) => record.backend === `backend-${backend}`)) : untold,
  }
}

/** Some connections of which nothing is known, not even how many they are. */
const untold: Connections = {
  ...connectionsOf([]),
  count: Number.NaN,
  connected: Number.NaN,
  synRetransmits: Number.NaN,
  outcomes: {
    ok: Number.NaN,
    refused: Number.NaN,
    reset: Number.NaN,
    timedOut: Number.NaN,
    noPortLeft: Number.NaN,
    closedEarly: Number.NaN,
    failed: Number.NaN,
    abandoned: Number.NaN,
  },
}

const isOutcome = (word: string, outcomes: Outcomes): word is keyof Outcomes => Object.hasOwn(outcomes, word)
