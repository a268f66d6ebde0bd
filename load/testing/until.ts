import { setTimeout as sleep } from 'node:timers/promises'

/** Looks again and again until there is something to see. Throws after half a minute, with what was waited for. */
export async function until<Seen>(what: string, look: () => Seen | undefined | false): Promise<Seen> {
  const deadline = performance.now() + 30_000
  for (;;) {
    const seen = look()
    if (seen !== undefined && seen !== false) return seen
    if (performance.now() > deadline) throw new Error(`Waited in vain until ${what}`)
    await sleep(5)
  }
}
