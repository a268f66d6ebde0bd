/** Queries of the boards that have no answer while all is well, and what chosen variables hide. */

interface Quiet {
  /** As `questions` has it. */
  where: string
  /** Why an empty answer is right. */
  why: string
  /** What the test does so that there is an answer; where it says none, this is too dear to provoke. */
  until?: 'a stalled shard' | 'outgoing connections' | 'a flood'
}

export const quiet: readonly Quiet[] = [
  {
    where: "Fleet, panel 'Alerts that fire' A",
    why: 'no alert fires',
  },
  {
    where: "Fleet, panel 'Drops: the ten listeners with most' A",
    why: 'no listener has dropped anything',
    until: 'a stalled shard',
  },
  {
    where: "Fleet, panel 'SYN queues that overflow: the ten worst' A",
    why: 'no SYN has found a full queue',
    until: 'a flood',
  },
  {
    where: "Fleet, panel 'SYN queues that overflow: the ten worst' B",
    why: 'no SYN has found a full queue, and with cookies on none is dropped there',
  },
  ...["Fleet, panel 'Waits for accept(): the ten longest' A", "Queues, panel 'Waits for accept()' A"].map(
    (where): Quiet => ({ where, why: 'nobody waits', until: 'a stalled shard' }),
  ),
  ...["Queues, panel 'Who waits: living and dead' A", "Listener, panel 'Who waits: living and dead' A"].map(
    (where): Quiet => ({ where, why: 'nobody waits', until: 'a stalled shard' }),
  ),
  {
    where: "Listener, panel 'Longest wait: in the queue, and past accept()' A",
    why: 'nobody waits',
    until: 'a stalled shard',
  },
  {
    where: "Listener, panel 'Longest wait: in the queue, and past accept()' B",
    why: 'each request is read at once',
  },
  ...['A', 'B'].map(
    (refId): Quiet => ({
      where: `Connections, panel 'How long a request has been unread' ${refId}`,
      why: 'each request is read at once',
    }),
  ),
  {
    where: "Listener, panel 'Clients reset by closing, 15 min' A",
    why: 'a port of which no listener has closed has no such series',
  },
  ...['A', 'B'].map(
    (refId): Quiet => ({
      where: `Fleet, panel 'UNIX sockets and UDP: the ten fullest' ${refId}`,
      why: 'nothing has waited in a UNIX or UDP queue',
    }),
  ),
  ...['B', 'C'].map(
    (refId): Quiet => ({
      where: `Listener, panel 'Memory of all TCP sockets' ${refId}`,
      why: "the lab does not read the host's own namespace, which alone has these limits",
    }),
  ),
  {
    where: "Connections, panel 'Source ports in use' A",
    why: 'the servers of the lab connect to nobody',
    until: 'outgoing connections',
  },
  {
    where: "Connections, panel 'Servers that do not answer' A",
    why: 'the servers of the lab connect to nobody',
    until: 'outgoing connections',
  },
]

/**
 * A chosen port and shard are those of TCP listeners. They apply to UNIX sockets and UDP too, as far as these have the
 * labels: whoever chooses port 8080 does not want to see port 53. The panels then say that there is none.
 */
export const hiddenByChoice: readonly string[] = [
  "Listener, panel 'UNIX sockets: fill, and peak of 30 s (dashed)' A",
  "Listener, panel 'UNIX sockets: fill, and peak of 30 s (dashed)' B",
  "Listener, panel 'UNIX sockets: time full' A",
  "Listener, panel 'UDP: memory of unread datagrams' A",
  "Listener, panel 'UDP: memory of unread datagrams' B",
  "Listener, panel 'UDP: datagrams lost' A",
  "Listener, panel 'UNIX sockets and their owners' A",
]
