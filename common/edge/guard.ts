/**
 * Which requests a server answers that has no login of its own. Two ways in which another site's page could read it through
 * the browser of somebody who reaches it, and what stops each:
 * - the site points its own name at our address (DNS rebinding): only addresses and names that are ours are taken as Host;
 * - it fetches from here (cross-site request): a browser says so in Sec-Fetch-Site, an old one in Origin.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'

/** Whether a Host header names an address, localhost or one of `names`, which are in lower case. */
export function isOwnHost(host: string, names: ReadonlySet<string>): boolean {
  const [, written] = /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s]+)(?::\d*)?$/.exec(host) ?? []
  const name = written
    ?.replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase()
  if (name === undefined || name === '') return false
  return isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost') || names.has(name)
}

/** What a browser says of a request that another site makes: `Sec-Fetch-Site: cross-site`. A link may open what is here. */
export function otherSite(headers: IncomingHttpHeaders): string | undefined {
  const site = headers['sec-fetch-site']
  // `none`: typed, or a bookmark. A page that is opened shows nothing to whoever linked to it.
  const opensPage = headers['sec-fetch-mode'] === 'navigate'
  return site === undefined || site === 'same-origin' || site === 'none' || opensPage
    ? undefined
    : `Sec-Fetch-Site: ${site}`
}

/** What an older browser says of one: the Origin of the page that makes it. */
export function otherOrigin({ host, origin }: IncomingHttpHeaders): string | undefined {
  return origin === undefined || origin === `http://${host}` || origin === `https://${host}`
    ? undefined
    : `Origin: ${origin}`
}

/**
 * Why a request for something that no other site may read is refused; undefined if it may be answered. No browser sends one
 * without a Host. `remedy` says how a name comes to be one of `names`.
 */
export function refusalOfRead(
  headers: IncomingHttpHeaders,
  names: ReadonlySet<string>,
  remedy: string,
): string | undefined {
  if (headers.host !== undefined && !isOwnHost(headers.host, names))
    return (
      'Only an IP address, localhost and the names of this host are answered to here, so that no other site can read it ' +
      `through a browser: ${remedy}`
    )
  const site = otherSite(headers) ?? otherOrigin(headers)
  return site === undefined ? undefined : `Requests from other sites are not answered here (${site})`
}
