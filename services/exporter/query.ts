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
