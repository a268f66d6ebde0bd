import assert from 'node:assert/strict'
import test from 'node:test'
import { UsageError } from '#common/errors.ts'
import { parseWebConfig } from './file.ts'

const hash = '$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi'

test('everything that the toolkit documents is taken', () => {
  const config = parseWebConfig(
    'web.yml',
    `tls_server_config:
  cert_file: server.crt
  key_file: /etc/tls/server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.crt
  client_allowed_sans: [prometheus.example, 10.0.0.1]
  min_version: TLS12
  max_version: TLS13
  cipher_suites:
    - TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
    - TLS_AES_128_GCM_SHA256
  prefer_server_cipher_suites: no
  curve_preferences: [X25519, CurveP256]
http_server_config:
  http2: false
  headers:
    Content-Security-Policy: default-src 'none'
    X-Frame-Options: deny
    X-Content-Type-Options: nosniff
    X-XSS-Protection: 0
    Strict-Transport-Security: ''
basic_auth_users:
  alice: ${hash}
  42: "${hash}"
rate_limit:
  interval: 1s
  burst: 20
`,
  )
  const texts = (said: readonly { text: string }[] | undefined) => said?.map(({ text }) => text)
  assert.equal(config.tls.cert_file?.text, 'server.crt')
  assert.deepEqual(texts(config.tls.client_allowed_sans), ['prometheus.example', '10.0.0.1'])
  assert.deepEqual(texts(config.tls.curve_preferences), ['X25519', 'CurveP256'])
  assert.equal(config.preferServerCipherSuites, false)
  assert.deepEqual(config.headers, {
    'content-security-policy': "default-src 'none'",
    'x-frame-options': 'deny',
    'x-content-type-options': 'nosniff',
    'x-xss-protection': '0',
  })
  assert.deepEqual([...config.users.keys()], ['alice', '42'])
  assert.deepEqual(config.rateLimit, { intervalMs: 1000, burst: 20 })
})

test('a file that says nothing asks for nothing', () => {
  for (const text of ['', '# nothing\n', '---\n', 'tls_server_config:\nbasic_auth_users: {}\n', '{}']) {
    const config = parseWebConfig('web.yml', text)
    assert.deepEqual(config, {
      tls: {},
      preferServerCipherSuites: true,
      headers: {},
      users: new Map(),
      rateLimit: undefined,
    })
  }
})

const wrong: [text: string, says: RegExp][] = [
  ['tls_config: {}', /^web\.yml line 1, tls_config: is unknown/],
  [
    'tls_server_config:\n  cert_fle: a\n',
    /^web\.yml line 2, tls_server_config\.cert_fle: is unknown; did you mean cert_file\?/,
  ],
  [
    'http_server_config:\n  headers:\n    X-Powered-By: me\n',
    /line 3, http_server_config\.headers\.X-Powered-By: is unknown/,
  ],
  ['http_server_config: {headers: {X-Frame-Options: allow}}', /headers\.X-Frame-Options 'allow' is not known/],
  ['http_server_config: {headers: {Content-Security-Policy: "a\\nb"}}', /Content-Security-Policy contains a character/],
  ['http_server_config: {http2: perhaps}', /line 1, http_server_config\.http2: must be true or false/],
  ['tls_server_config: [a]', /tls_server_config: must be a map/],
  ['- a', /^web\.yml line 1: must be a map/],
  ['tls_server_config:\n  cert_file: [a]', /line 2, tls_server_config\.cert_file: must be one value/],
  ['tls_server_config:\n  cipher_suites: TLS_AES_128_GCM_SHA256', /cipher_suites: must be a list/],
  [
    'tls_server_config: {cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]}',
    /cipher_suites 'TLS_RSA_WITH_RC4_128_SHA' is not known/,
  ],
  ['tls_server_config: {curve_preferences: [P256]}', /curve_preferences 'P256' is not known/],
  ['tls_server_config: {min_version: TLS14}', /min_version 'TLS14' is not known; did you mean TLS1\d\?/],
  ['tls_server_config: {min_version: TLS13, max_version: TLS12}', /max_version: no version of TLS is at least TLS13/],
  ['tls_server_config: {client_auth_type: RequireAndVerify}', /client_auth_type 'RequireAndVerify' is not known/],
  ['basic_auth_users:\n  alice: hush\n', /^web\.yml line 2, basic_auth_users\.alice is not a hash of bcrypt/],
  [`basic_auth_users: {alice: "${hash.replace('$10$', '$99$')}"}`, /is not a hash of bcrypt/],
  ['basic_auth_users: {alice: }', /basic_auth_users\.alice is not a hash/],
  ['basic_auth_users: [alice]', /basic_auth_users: must be a map/],
  ['rate_limit: {interval: 5}', /rate_limit\.interval '5' is not a duration/],
  ['rate_limit: {interval: 1s}', /without a burst no request/],
  ['rate_limit: {interval: 1s, burst: 0}', /rate_limit\.burst/],
  ['tls_server_config: {cert: &a x, key: *b}', /alias/],
  ['tls_server_config: {}\ntls_server_config: {}', /line 2: this key appears twice/],
  ['tls_server_config:\n\tcert_file: a', /line 2: this is indented with a tab/],
  ['a: b: c', /line 1: /],
]

for (const [text, says] of wrong)
  test(`${JSON.stringify(text)} is refused, with its line and key`, () => {
    assert.throws(
      () => parseWebConfig('web.yml', text),
      (error: unknown) => {
        assert.ok(error instanceof UsageError, String(error))
        assert.match(error.message, says)
        assert.doesNotMatch(error.message, /hush/)
        assert.ok((error.remedy ?? '').length > 8)
        return true
      },
    )
  })
