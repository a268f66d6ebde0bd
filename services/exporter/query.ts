import { Type } from 'typebox'

/**
 * The query of /stream. Loaded by name, with the first request that has one.
 * @public
 */
export const StreamQuery = Type.Object(
  {
    interval: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 3_600_000,
        description: 'Minimum time between two snapshots, in milliseconds',
      }),
    ),
  },
  { additionalProperties: false },
)

/**
 * The query of /waiting.
 * @public
 */
export const WaitingQuery = Type.Object(
  { cookie: Type.String({ pattern: '^[1-9]\\d{0,19}$', description: 'Of the listener, as /snapshot shows it' }) },
  { additionalProperties: false },
)

/**
 * The query of /snapshot.
 * @public
 */
export const SnapshotQuery = Type.Object(
  { now: Type.Optional(Type.Boolean({ description: 'Read the kernel again first' })) },
  { additionalProperties: false },
)
