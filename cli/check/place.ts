/** Where a socket listens, as people write it. */
import { formatListen } from '#common/parse.ts'
import type { HostFound } from '#findings/host/finding.ts'

/** `127.0.0.1:8080`, `*:443`, `mptcp *:443`, `/run/app.sock`; in another namespace with its name. */
export function placeInWords(about: HostFound['about']): string {
  if (about === undefined) return ''
  const from = about.host ?? (about.own ? '' : about.netns)
  const inside = from === '' ? '' : `${from} `
  if (!('shard' in about)) return from
  const { address = '', port = 0, path, mptcp } = about
  if (path !== undefined) return `${inside}${path}`
  const protocol = mptcp === true ? 'mptcp ' : ''
  return `${inside}${protocol}${formatListen({ host: address === '0.0.0.0' ? '*' : address, port })}`
}
