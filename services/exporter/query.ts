import { Type } from 'typebox'

/**
 * The query of /stream. Loaded by name, with the first request that has one.
 * @public
 */
export const StreamQuery = Type.Object(
  {
    interval: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 3_600_000, description: 'Milliseconds between two snapshots, at least' }),
    ),
  },
  { additionalProperties: false },
)

/**
 * The query of /snapshot.
 * @public
 */
export const SnapshotQuery = Type.Object(
  { now: Type.Optional(Type.Boolean({ description: 'Have the kernel read once more first' })) },
  { additionalProperties: false },
)
