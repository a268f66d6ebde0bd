/** Places of the board that a chapter can show: by the words of the chapter. */

const fixed: Record<string, string> = {
  clients: '.picture [data-term="rate"]',
  'SYN queue': '.picture .grid',
  'receive queues': '.picture .gauge[data-term="receiveQueue"]',
  'send queues': '.picture .gauge[data-term="sendQueue"]',
  'what is happening': '#words',
  'chart of fill': '.chart:has([data-term="acceptQueue"])',
  'chart of drops': '.chart:has([data-term="drop"])',
  'chart of waits': '.chart:has([data-term="acceptWait"])',
  'chart of half-open requests': '.chart:has([data-term="synQueue"])',
  'chart of accepts': '.chart:has([data-term="rate"])',
}

/** The selector of a place; undefined for one that the board does not have. */
export function selectorOf(place: string): string | undefined {
  const [, what, shard] = /^(tank|process) (\d+)$/.exec(place) ?? []
  if (what === 'tank') return `.lane[data-shard="${shard}"]`
  if (what === 'process') return `.lane[data-shard="${shard}"] .process-switch`
  return Object.hasOwn(fixed, place) ? fixed[place] : undefined
}
