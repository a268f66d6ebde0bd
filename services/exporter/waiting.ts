/** Who waits at one listener, in order: the answer of /waiting. */
import { type Static, Type } from 'typebox'

const Count = Type.Integer({ minimum: 0 })

export const WaitingSample = Type.Object({
  monotonicMs: Type.Number({ description: 'When it was read, by CLOCK_MONOTONIC' }),
  length: Type.Integer({ minimum: 0, description: 'All that wait' }),
  limit: Type.Integer({ minimum: 0, description: 'N; N + 1 fit' }),
  first: Type.Array(
    Type.Object({
      address: Type.String(),
      port: Count,
      waitMs: Type.Number({ description: 'Since its final ACK; with TCP Fast Open since its SYN' }),
      unreadBytes: Type.Integer({ minimum: 0, description: 'What it has sent and nobody has read' }),
      client: Type.Union([Type.Literal('connected'), Type.Literal('finished'), Type.Literal('reset')], {
        description: 'Whether the client has sent a FIN, after which it may still listen, or an RST',
      }),
    }),
    { description: 'The first of them, in the order in which accept() will take them: 64 at most' },
  ),
})
export type WaitingSample = Static<typeof WaitingSample>

/** That; or why it is not known: without BPF the kernel does not tell who waits in which queue, nor in which order. */
export type WaitingAnswer = WaitingSample | { why: string }
