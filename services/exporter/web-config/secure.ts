import type { Socket } from 'node:net'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { refuse, type Securing, TLS_HANDSHAKE } from '#common/edge/server.ts'
import { HANDSHAKE_MS } from '../http/limits.ts'
import type { TlsSettings } from './tls.ts'

/** Encrypts each new connection as the settings of that moment say. Those that are open stay as they are. */
export class TlsFront implements Securing {
  readonly #settings: () => TlsSettings
  #known: TlsSettings | undefined
  #server: tls.Server | undefined
  #secured: (socket: Duplex) => void = () => {}

  constructor(settings: () => TlsSettings) {
    this.#settings = settings
  }

  secure(socket: Socket, secured: (socket: Duplex) => void): void {
    this.#secured = secured
    socket.on('error', () => {}) // the client has gone away
    // A server of HTTP leaves a connection half open; one that is left in the middle of its handshake would stay so.
    socket.allowHalfOpen = false
    const silent = setTimeout(() => socket.destroy(), HANDSHAKE_MS)
    silent.unref()
    socket.once('close', () => clearTimeout(silent))
    socket.once('readable', () => {
      clearTimeout(silent)
      const begin: Buffer | null = socket.read()
      if (begin === null) socket.destroy()
      else if (begin[0] !== TLS_HANDSHAKE) refuse(socket, 400, 'This port speaks HTTPS, not HTTP')
      else {
        socket.unshift(begin)
        this.#current().emit('connection', socket) // Node's documented way to have it encrypt a connection of ours
      }
    })
  }

  /** It never listens itself. */
  #current(): tls.Server {
    const settings = this.#settings()
    if (this.#server === undefined || settings !== this.#known) {
      this.#known = settings
      this.#server = tls.createServer(settings.options, (socket) => this.#admit(socket, settings))
      // Whoever speaks no TLS, or shows no certificate that is wanted, is hung up on.
      this.#server.on('tlsClientError', (_error, socket) => socket.destroy())
    }
    return this.#server
  }

  #admit(socket: tls.TLSSocket, settings: TlsSettings): void {
    socket.on('error', () => {})
    if (isAdmitted(socket, settings)) this.#secured(socket)
    else socket.destroy()
  }
}

/** What Node does not hold against the certificate of a client itself. */
function isAdmitted(socket: tls.TLSSocket, { policy, allowedSans }: TlsSettings): boolean {
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return !policy.startsWith('Require')
  if (policy === 'VerifyClientCertIfGiven' && !socket.authorized) return false
  return allowedSans === undefined || namesIn(certificate.subjectAltName).some((name) => allowedSans.includes(name))
}

/** The names of a certificate as Go writes them: of DNS, e-mail, URI, and addresses in their short form. */
export function namesIn(subjectAltName: string | undefined): string[] {
  const names: string[] = []
  // Node puts a name into quotation marks, as JSON, where it could be mistaken for several.
  for (const [, kind, quoted, plain] of (subjectAltName ?? '').matchAll(
    /(?:^|, )(DNS|email|URI|IP Address):(?:("(?:[^"\\]|\\.)*")|([^,]*))/g,
  )) {
    const name = quoted === undefined ? (plain ?? '') : String(JSON.parse(quoted))
    names.push(kind === 'IP Address' && isIP(name) === 6 ? new URL(`http://[${name}]`).hostname.slice(1, -1) : name)
  }
  return names
}
