/** What a file says about TLS, as node:tls takes it. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import tls from 'node:tls'
import { UsageError } from '#common/errors.ts'
import { reasonOf } from '#common/system-errors.ts'
import { HANDSHAKE_MS } from '../http/limits.ts'
import type { Said, WebConfig } from './file.ts'
import { type ClientPolicy, cipherSuites, clientPolicies, curves, suitesOfTls13, versions } from './names.ts'

/** What a file or the configuration itself says, and where that is written. */
type Read = Said

/** How a connection is encrypted, and which clients are let in. */
export interface TlsSettings {
  options: tls.TlsOptions
  policy: ClientPolicy
  /** One of them must be a name in the client's certificate; undefined where any will do. */
  allowedSans: readonly string[] | undefined
}

/** The files that are named beside the configuration, relative to it. */
export function namedFiles(file: string, { tls: said }: WebConfig): string[] {
  const { cert_file, key_file, client_ca_file } = said
  return [cert_file, key_file, client_ca_file].flatMap((one) => (one === undefined ? [] : [resolved(file, one)]))
}

const resolved = (file: string, { text }: Said): string => path.resolve(path.dirname(file), text)

/** Undefined where nothing asks for TLS. Reads the certificates. Throws a UsageError that names the line and the key. */
export function tlsSettings(file: string, config: WebConfig): TlsSettings | undefined {
  const said = config.tls
  const { cert, key, client_ca, cert_file, key_file, client_ca_file, client_auth_type, client_allowed_sans } = said
  if ([cert, key, client_ca, cert_file, key_file, client_ca_file, client_auth_type].every((one) => one === undefined))
    return undefined
  const policy = clientPolicies.find((one) => one === client_auth_type?.text) ?? 'NoClientCert'
  const authority = client_ca_file ?? client_ca
  if (authority !== undefined && policy === 'NoClientCert')
    throw new UsageError(
      `${authority.where}: clients are not asked for a certificate`,
      'Add client_auth_type: RequireAndVerifyClientCert',
    )
  const demanding: ClientPolicy[] = ['RequireAnyClientCert', 'RequireClientCert', 'RequireAndVerifyClientCert']
  if (client_allowed_sans !== undefined && !demanding.includes(policy))
    throw new UsageError(
      `${client_allowed_sans[0]?.where}: clients need not show a certificate, so that there is nothing to compare`,
      'Add client_auth_type: RequireAndVerifyClientCert',
    )
  const certificate = content(file, cert_file, cert, 'cert_file')
  const secret = content(file, key_file, key, 'key_file')
  const clientAuthority = authority && content(file, client_ca_file, client_ca, 'client_ca_file')
  checkKeyPair(certificate, secret)
  if (clientAuthority !== undefined) certificateIn(clientAuthority)
  const options: tls.TlsOptions = {
    cert: certificate.text,
    key: secret.text,
    ...(clientAuthority === undefined ? {} : { ca: clientAuthority.text }),
    requestCert: policy !== 'NoClientCert',
    rejectUnauthorized: policy === 'RequireAndVerifyClientCert',
    honorCipherOrder: config.preferServerCipherSuites,
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: HANDSHAKE_MS,
    ...versionsAndCiphers(said),
  }
  try {
    tls.createSecureContext(options)
  } catch {
    throw new UsageError(
      `${file}, tls_server_config: OpenSSL does not take these settings together`,
      'Leave out cipher_suites and curve_preferences, or choose others',
    )
  }
  return { options, policy, allowedSans: client_allowed_sans?.map(({ text }) => text) }
}

function versionsAndCiphers({ min_version, max_version, cipher_suites, curve_preferences }: WebConfig['tls']) {
  const old = min_version !== undefined && min_version.text < 'TLS12'
  const chosen = cipher_suites?.map(({ text }) => cipherSuites[text] ?? text)
  const ciphers = chosen === undefined ? tls.DEFAULT_CIPHERS : [...new Set([...suitesOfTls13, ...chosen])].join(':')
  return {
    minVersion: versions[min_version?.text ?? 'TLS12'] ?? 'TLSv1.2',
    maxVersion: versions[max_version?.text ?? 'TLS13'] ?? 'TLSv1.3',
    // OpenSSL counts the hashes of TLS 1.0 and 1.1 as too weak unless it is told that they are wanted.
    ciphers: old ? `${ciphers}:@SECLEVEL=0` : ciphers,
    ...(curve_preferences === undefined
      ? {}
      : { ecdhCurve: curve_preferences.map(({ text }) => curves[text] ?? text).join(':') }),
  }
}

/** Of a file before that of the text in the configuration, as the toolkit does. */
function content(file: string, named: Said | undefined, inline: Said | undefined, key: string): Read {
  if (named === undefined) {
    if (inline !== undefined) return inline
    throw new UsageError(
      `${file}, tls_server_config: ${key} is missing, and so is ${key.replace('_file', '')}`,
      'TLS needs a certificate and its key: cert_file and key_file',
    )
  }
  const place = resolved(file, named)
  try {
    return { text: fs.readFileSync(place, 'utf8'), where: `${named.where} ${place}` }
  } catch (error) {
    throw new UsageError(
      `${named.where}: ${place} cannot be read: ${reasonOf(error) ?? 'for an unknown reason'}`,
      'A relative path begins at the folder of the configuration',
    )
  }
}

/** Says which part is wrong, where OpenSSL would only say that something is. */
function checkKeyPair(certificate: Read, key: Read): void {
  const shown = certificateIn(certificate)
  let secret: KeyObject
  try {
    secret = createPrivateKey(key.text)
  } catch {
    throw new UsageError(
      `${key.where}: this is not a private key in PEM form, without a passphrase`,
      'Name another file',
    )
  }
  if (!shown.checkPrivateKey(secret))
    throw new UsageError(
      `${key.where}: the key does not belong to the certificate`,
      'Give the two that were made together',
    )
}

function certificateIn({ text, where }: Read): X509Certificate {
  try {
    return new X509Certificate(text)
  } catch {
    throw new UsageError(`${where}: this is not a certificate in PEM form`, 'Name another file')
  }
}
