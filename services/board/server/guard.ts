/**
 * Which requests the board answers. Three ways in which another site's page could reach a server on loopback, and what stops each:
 * - it points its own name at 127.0.0.1 (DNS rebinding): only addresses and `localhost` are accepted as Host;
 * - it sends a form or a fetch here (cross-site request): an order needs a header that no page may send without being
 *   allowed to, with a token that only our own page can read; Origin and Sec-Fetch-Site have to be our own as well;
 * - it reads what we send: nothing allows it (no CORS), nor to frame the page.
 */
import { timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { isOwnHost, otherSite } from '#common/edge/guard.ts'
import { ownNames } from '#common/edge/own-names.ts'

export const TOKEN_HEADER = 'x-spillway-token'

const own = ownNames()

/** Why a request is refused; undefined if it may be answered. `allowed` are names by which it is reached too, in lower case. */
export function refusalOfRequest(
  headers: IncomingHttpHeaders,
  allowed: ReadonlySet<string> = new Set(),
): string | undefined {
  if (headers.host === undefined || !(isOwnHost(headers.host, own) || isOwnHost(headers.host, allowed)))
    return 'The board answers only to an IP address or localhost: open it by one of these, not by this host name, or start it with --allow-host NAME'
  const site = otherSite(headers)
  return site === undefined ? undefined : `The board does not answer requests from other sites (${site})`
}

/**
 * Why an order is refused; undefined if it comes from our own page. At an allowed name there may be something before the board
 * that speaks HTTPS.
 */
export function refusalOfOrder(
  headers: IncomingHttpHeaders,
  token: string,
  allowed: ReadonlySet<string> = new Set(),
): string | undefined {
  const { origin, host } = headers
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin')
    return 'Orders are accepted only from the board’s own page (Sec-Fetch-Site)'
  const isOwnPage = origin === `http://${host}` || (origin === `https://${host}` && isAllowed(host, allowed))
  if (origin !== undefined && !isOwnPage) return 'Orders are accepted only from the board’s own page (Origin)'
  const given = headers[TOKEN_HEADER]
  if (typeof given !== 'string' || !same(given, token))
    return 'The token is missing or belongs to an earlier run of the board: reload the page'
  return undefined
}

/** An address is its own name, and no proxy's. */
const isAllowed = (host: string | undefined, allowed: ReadonlySet<string>): boolean =>
  host !== undefined && !isOwnHost(host, own) && isOwnHost(host, allowed)

function same(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)]
  return a.length === b.length && timingSafeEqual(a, b)
}
