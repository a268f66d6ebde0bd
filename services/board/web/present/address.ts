/** Whether the page's address asks for the presenter's view: `#present`, `#present=2` or `?present=2`. Pure. */

/** The shard to show; undefined where the view is not asked for. A name without a number is the first shard. */
export function presented({ search, hash }: { search: string; hash: string }): number | undefined {
  for (const part of [hash.slice(1), search.slice(1)]) {
    const value = new URLSearchParams(part).get('present')
    if (value === null) continue
    return /^[1-9]\d{0,3}$/.test(value) ? Number(value) : 1
  }
  return undefined
}

/** What the address bar shows: a page that is loaded again looks as it did. */
export const addressOf = (shard: number | undefined): string => (shard === undefined ? './' : `./#present=${shard}`)
