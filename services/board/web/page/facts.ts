/** What is shown, in one line: address, sockets, backlog, kernel. Pure. */
import type { LiveState } from '#live/state.ts'

export function factsOf({ address, port, mode, shards, kernel }: LiveState): string {
  const limits = shards.filter(({ state }) => state === 'listening').map(({ limit }) => limit)
  const many =
    mode === 'sharded'
      ? `${shards.length} ${shards.length === 1 ? 'shard' : 'shards'}`
      : mode === 'shared'
        ? 'one shared socket'
        : 'one process'
  return [
    `${address}:${port}`,
    many,
    `backlog ${backlogsInWords([...new Set(limits)])}`,
    `Linux ${/^\d+\.\d+/.exec(kernel)?.[0] ?? kernel}`,
  ].join(' · ')
}

/** More than three would fill the head of the page. */
const backlogsInWords = (limits: readonly number[]): string =>
  limits.length > 3 ? `${Math.min(...limits)} to ${Math.max(...limits)}` : limits.join(', ') || '–'
