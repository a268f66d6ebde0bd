import fs from 'node:fs'

/** AT_PAGESZ of getauxval(3). */
const PAGE_SIZE = 6n
const PAIR_BYTES = 16

/** The size of a page of memory in bytes, as the kernel told this process (/proc/self/auxv): 4,096, and up to 65,536 on ARM. */
export function pageBytes(): number {
  const pairs = fs.readFileSync('/proc/self/auxv')
  for (let at = 0; at + PAIR_BYTES <= pairs.length; at += PAIR_BYTES)
    if (pairs.readBigUInt64LE(at) === PAGE_SIZE) return Number(pairs.readBigUInt64LE(at + 8))
  throw new Error('/proc/self/auxv does not tell the size of a page')
}
