/** Listeners as people name them on the command line. Every error names the option. */
import { isIP } from 'node:net'
import { UsageError } from '#common/errors.ts'
import { parseCount } from '#common/parse.ts'
import { addressBytes, formatAddress } from '#kernel/address.ts'
import { AF_INET6 } from '#kernel/libc.ts'
import type { ListenerPattern } from './sampler/selection.ts'

const port = (option: string, text: string): number => parseCount(option, text, { min: 1, max: 65_535 })

/** `80,443,8000-8999`: those ports at any address. */
export const portPatterns = (list: string): ListenerPattern[] =>
  list.split(',').map((item) => {
    const text = item.trim()
    const range = /^(.+?)-(.+)$/.exec(text)
    const fromPort = port('--ports', range?.[1] ?? text)
    const toPort = range === null ? fromPort : port('--ports', range[2]!)
    if (fromPort > toPort)
      throw new UsageError(`--ports '${text}' ends before it begins`, `Write ${toPort}-${fromPort}`)
    return { address: undefined, fromPort, toPort }
  })

/** `127.0.0.1:80`, `[::1]:80`, `*:80` or `127.0.0.1:*`. */
export function listenerPattern(text: string): ListenerPattern {
  const [, v6, other, number = ''] = /^(?:\[(.+)\]|([^:]+)):(\*|\d+)$/.exec(text) ?? []
  const address = v6 ?? other
  if (address === undefined || !(other === '*' || isIP(address) === (v6 === undefined ? 4 : 6)))
    throw new UsageError(
      `--listeners '${text}' is not a listener`,
      'Write address and port: 127.0.0.1:80, [::1]:80, *:80 or 127.0.0.1:*',
    )
  const fromPort = number === '*' ? 1 : port('--listeners', number)
  const toPort = number === '*' ? 65_535 : fromPort
  return { address: other === '*' ? undefined : v6 === undefined ? address : canonical(v6), fromPort, toPort }
}

/** As addresses are shown: `::1` for `0:0:0:0:0:0:0:1`. */
const canonical = (v6: string): string => formatAddress(AF_INET6, addressBytes(v6))
