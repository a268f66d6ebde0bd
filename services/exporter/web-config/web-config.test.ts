/** TLS and users against openssl's certificates and curl. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import test from 'node:test'
import tls from 'node:tls'
import { hash } from 'bcryptjs'
import { eventually } from '#common/waiting.ts'
import { skipWithout } from '../../../test/support/tools.ts'
import { type StartedExporter, startExporter } from '../exporter.ts'
import { Certificates } from '../fixtures/certificates.ts'
import { namesIn } from './secure.ts'

const skip = skipWithout('openssl') || skipWithout('curl')

const start = (webConfigFile: string, log: (line: string) => void = () => {}): Promise<StartedExporter> =>
  startExporter({ listen: { host: '127.0.0.1', port: 0 }, log, webConfigFile })

interface Heard {
  /** 0 if there was no answer. */
  status: number
  text: string
}

/** What curl hears, with the authority of these certificates. */
function curl(certificates: Certificates, url: string, ...args: string[]): Promise<Heard> {
  const { promise, resolve } = Promise.withResolvers<Heard>()
  const all = ['-sS', '-i', '--max-time', '60', '--cacert', certificates.path('ca.crt'), ...args, url]
  execFile('curl', all, { cwd: certificates.folder, maxBuffer: 1e8 }, (_error, stdout, stderr) =>
    resolve({ status: Number(/^HTTP\/\S+ (\d+)/.exec(stdout)?.[1] ?? 0), text: `${stdout}${stderr}` }),
  )
  return promise
}

const server = 'tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n'
const mine = (name: string): string[] => ['--cert', `${name}.crt`, '--key', `${name}.key`]

test('TLS is spoken with the certificate beside the file, and the headers of the file are on every answer', {
  skip,
}, async () => {
  using certificates = new Certificates()
  certificates.issue('server', 'DNS:localhost,IP:127.0.0.1')
  const file = certificates.write(
    'web.yml',
    `${server}http_server_config:\n  headers: {X-Frame-Options: deny, X-XSS-Protection: 0}\n`,
  )
  await using exporter = await start(file)
  assert.match(exporter.url, /^https:/)
  const heard = await curl(certificates, `${exporter.url}/metrics`)
  assert.equal(heard.status, 200, heard.text)
  assert.match(heard.text, /spillway_exporter_info/)
  const missing = await curl(certificates, `${exporter.url}/nowhere`)
  assert.equal(missing.status, 404)
  for (const { text } of [heard, missing]) assert.match(text, /x-frame-options: deny\r\nx-xss-protection: 0/i)
  const unencrypted = await curl(certificates, exporter.url.replace('https', 'http'))
  assert.equal(unencrypted.status, 400)
  assert.match(unencrypted.text, /"error":"This port speaks HTTPS, not HTTP"/)
})

test('certificate and key can stand in the file itself', { skip }, async () => {
  using certificates = new Certificates()
  certificates.issue('server', 'IP:127.0.0.1')
  const block = (name: string): string =>
    fs
      .readFileSync(certificates.path(name), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => `    ${line}`)
      .join('\n')
  const file = certificates.write(
    'web.yml',
    `tls_server_config:\n  cert: |\n${block('server.crt')}\n  key: |\n${block('server.key')}\n`,
  )
  await using exporter = await start(file)
  assert.equal((await curl(certificates, `${exporter.url}/metrics`)).status, 200)
})

test('a renewed certificate is shown to the next connection; a broken one leaves the last in place, and is told once', {
  skip,
}, async () => {
  using certificates = new Certificates()
  certificates.issue('server', 'IP:127.0.0.1')
  const lines: string[] = []
  await using exporter = await start(certificates.write('web.yml', server), (line) => lines.push(line))
  const { target } = exporter
  assert.ok('port' in target)
  const { host, port } = target
  const shown = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = tls.connect({ host, port, ca: fs.readFileSync(certificates.path('ca.crt')) }, () => {
        resolve(`serial=${socket.getPeerX509Certificate()?.serialNumber}`)
        socket.destroy()
      })
      socket.on('error', reject)
    })
  assert.equal(await shown(), certificates.serial('server'))
  const before = certificates.serial('server')
  certificates.issue('server', 'IP:127.0.0.1')
  assert.notEqual(certificates.serial('server'), before)
  assert.equal(await shown(), certificates.serial('server'))
  const good = certificates.serial('server')
  certificates.issue('other', 'IP:127.0.0.1')
  fs.copyFileSync(certificates.path('other.crt'), certificates.path('server.crt'))
  for (let times = 0; times < 3; times++) assert.equal(await shown(), good)
  const told = lines.filter((line) => line.includes('does not belong to the certificate'))
  assert.deepEqual(told.length, 1, lines.join('\n'))
  assert.match(told[0] ?? '', /key_file .*What was read before is used$/)
  fs.copyFileSync(certificates.path('other.key'), certificates.path('server.key'))
  assert.equal(await shown(), certificates.serial('other'))
})

test('RequireAndVerifyClientCert lets in whom the authority has signed, and no other', { skip }, async () => {
  using certificates = new Certificates()
  certificates.issue('server', 'IP:127.0.0.1')
  certificates.issue('client', 'DNS:prometheus.example')
  certificates.issue('stranger', 'DNS:prometheus.example', { selfSigned: true })
  const file = certificates.write(
    'web.yml',
    `${server}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n`,
  )
  await using exporter = await start(file)
  const url = `${exporter.url}/metrics`
  assert.equal((await curl(certificates, url, ...mine('client'))).status, 200)
  assert.equal((await curl(certificates, url)).status, 0)
  assert.equal((await curl(certificates, url, ...mine('stranger'))).status, 0)
})

test('the other policies ask for as much as they say', { skip }, async () => {
  using certificates = new Certificates()
  certificates.issue('server', 'IP:127.0.0.1')
  certificates.issue('client', 'DNS:a')
  certificates.issue('stranger', 'DNS:a', { selfSigned: true })
  const policies: [policy: string, nobody: number, client: number, stranger: number][] = [
    ['NoClientCert', 200, 200, 200],
    ['RequestClientCert', 200, 200, 200],
    ['RequireAnyClientCert', 0, 200, 200],
    ['VerifyClientCertIfGiven', 200, 200, 0],
  ]
  const file = certificates.path('web.yml')
  certificates.write('web.yml', server)
  await using exporter = await start(file)
  const url = `${exporter.url}/health`
  for (const [policy, ...expected] of policies) {
    const authority = policy === 'NoClientCert' ? '' : '  client_ca_file: ca.crt\n'
    certificates.write('web.yml', `${server}  client_auth_type: ${policy}\n${authority}`)
    const heard = [
      await curl(certificates, url),
      await curl(certificates, url, ...mine('client')),
      await curl(certificates, url, ...mine('stranger')),
    ]
    assert.deepEqual(
      heard.map(({ status }) => status),
      expected,
      policy,
    )
  }
})

test('of clients with a certificate only those with an allowed name are let in, of any kind of name', {
  skip,
}, async () => {
  using certificates = new Certificates()
  certificates.issue('server', 'IP:127.0.0.1')
  certificates.issue('client', 'DNS:a.example,IP:10.0.0.7,IP:2001:db8::7,URI:spiffe://x/y,email:a@b.example')
  const policy = `${server}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n`
  await using exporter = await start(certificates.write('web.yml', policy))
  for (const [name, status] of [
    ['a.example', 200],
    ['10.0.0.7', 200],
    ['2001:db8::7', 200],
    ['spiffe://x/y', 200],
    ['a@b.example', 200],
    ['b.example', 0],
    ['example', 0],
    ['A.example', 0],
  ] as const) {
    certificates.write('web.yml', `${policy}  client_allowed_sans: ["nobody", "${name}"]\n`)
    assert.equal((await curl(certificates, `${exporter.url}/health`, ...mine('client'))).status, status, name)
  }
})

test('a name that looks like several is one', () => {
  assert.deepEqual(namesIn('DNS:"a\\u002c DNS:b", IP Address:0:0:0:0:0:0:0:1, othername:<unsupported>'), [
    'a, DNS:b',
    '::1',
  ])
  assert.deepEqual(namesIn(undefined), [])
})

test('versions and suites are those of the file', { skip }, async () => {
  using certificates = new Certificates()
  certificates.issue('server', 'IP:127.0.0.1')
  const suite = 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'
  const file = certificates.write('web.yml', `${server}  max_version: TLS12\n  cipher_suites: [${suite}]\n`)
  await using exporter = await start(file)
  const url = `${exporter.url}/health`
  assert.equal((await curl(certificates, url)).status, 200)
  assert.equal((await curl(certificates, url, '--tlsv1.3')).status, 0)
  assert.equal((await curl(certificates, url, '--ciphers', 'ECDHE-ECDSA-AES128-GCM-SHA256')).status, 0)
  assert.equal((await curl(certificates, url, '--ciphers', 'ECDHE-ECDSA-AES256-GCM-SHA384')).status, 200)
  certificates.write('web.yml', `${server}  min_version: TLS13\n`)
  assert.equal((await curl(certificates, url, '--tls-max', '1.2')).status, 0)
  assert.equal((await curl(certificates, url)).status, 200)
})

test('a user needs the right password, for whatever is asked; users of the file change with it', { skip }, async () => {
  using certificates = new Certificates()
  const users = async (passwords: Record<string, string>): Promise<void> => {
    const lines = Object.entries(passwords).map(async ([user, word]) => `  ${user}: ${await hash(word, 4)}\n`)
    certificates.write('web.yml', `basic_auth_users:\n${(await Promise.all(lines)).join('')}`)
  }
  await users({ alice: 'wonder:land ü', bob: 'b' })
  await using exporter = await start(certificates.path('web.yml'))
  assert.match(exporter.url, /^http:/)
  const status = async (path: string, user?: string): Promise<number> =>
    (await curl(certificates, `${exporter.url}${path}`, ...(user === undefined ? [] : ['-u', user]))).status
  for (const path of ['/metrics', '/snapshot', '/health', '/', '/nowhere']) assert.equal(await status(path), 401, path)
  const refused = await curl(certificates, `${exporter.url}/metrics`)
  assert.match(refused.text, /www-authenticate: Basic/i)
  assert.match(refused.text, /"error":"A user of the web configuration and the right password/)
  for (let times = 0; times < 2; times++) {
    assert.equal(await status('/metrics', 'alice:wonder:land ü'), 200)
    assert.equal(await status('/metrics', 'bob:b'), 200)
    for (const wrong of ['alice:b', 'bob:', 'carol:b', ':', 'alice:wonder'])
      assert.equal(await status('/metrics', wrong), 401, wrong)
  }
  await users({ bob: 'c' })
  assert.equal(await status('/metrics', 'bob:b'), 401)
  assert.equal(await status('/metrics', 'bob:c'), 200)
  assert.equal(await status('/metrics', 'alice:wonder:land ü'), 401)
})

test('with a file that has become wrong nobody is let in, and the log says the line', { skip }, async () => {
  using certificates = new Certificates()
  const good = `basic_auth_users:\n  alice: ${await hash('a', 4)}\n`
  const lines: string[] = []
  await using exporter = await start(certificates.write('web.yml', good), (line) => lines.push(line))
  const heard = (): Promise<Heard> => curl(certificates, `${exporter.url}/metrics`, '-u', 'alice:a')
  assert.equal((await heard()).status, 200)
  certificates.write('web.yml', `${good}basic_auth_user: {}\n`)
  for (let times = 0; times < 2; times++) {
    const { status, text } = await heard()
    assert.equal(status, 500)
    assert.match(text, /"error":"The web configuration cannot be read: see the log/)
  }
  const told = lines.filter((line) => line.includes('line 3, basic_auth_user: is unknown'))
  assert.equal(told.length, 1, lines.join('\n'))
  assert.match(told[0] ?? '', /Until it is mended nobody is let in$/)
  fs.rmSync(certificates.path('web.yml'))
  assert.equal((await heard()).status, 500)
  certificates.write('web.yml', good)
  await eventually('it is mended', heard, ({ status }) => status === 200)
})

test('more requests than rate_limit allows are refused', { skip }, async () => {
  using certificates = new Certificates()
  const file = certificates.write('web.yml', 'rate_limit: {interval: 1h, burst: 3}\n')
  await using exporter = await start(file)
  const statuses: number[] = []
  for (let times = 0; times < 5; times++) statuses.push((await curl(certificates, `${exporter.url}/health`)).status)
  assert.deepEqual(statuses, [200, 200, 200, 429, 429])
})

test('what the file names and cannot be used is refused at the start, with its line and key', { skip }, async () => {
  using certificates = new Certificates()
  certificates.issue('server', 'IP:127.0.0.1')
  certificates.issue('other', 'IP:127.0.0.1')
  certificates.write('rubbish', 'rubbish')
  for (const [text, says] of [
    [
      '  cert_file: none.crt\n  key_file: server.key',
      /line 2, tls_server_config\.cert_file: \S+none\.crt cannot be read: it does not exist/,
    ],
    ['  cert_file: server.crt', /tls_server_config: key_file is missing, and so is key/],
    ['  key_file: server.key', /tls_server_config: cert_file is missing, and so is cert/],
    [
      '  cert_file: server.crt\n  key_file: other.key',
      /line 3, tls_server_config\.key_file \S+other\.key: the key does not belong/,
    ],
    ['  cert_file: rubbish\n  key_file: server.key', /cert_file \S+rubbish: this is not a certificate/],
    ['  cert_file: server.crt\n  key_file: rubbish', /key_file \S+rubbish: this is not a private key/],
    [
      `${server.slice(19)}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: rubbish`,
      /client_ca_file \S+rubbish: this is not a certificate/,
    ],
    [`${server.slice(19)}  client_ca_file: ca.crt`, /client_ca_file: clients are not asked for a certificate/],
    [
      `${server.slice(19)}  client_auth_type: VerifyClientCertIfGiven\n  client_allowed_sans: [a]`,
      /client_allowed_sans: clients need not show a certificate/,
    ],
  ] as [string, RegExp][]) {
    const file = certificates.write('web.yml', `tls_server_config:\n${text}\n`)
    await assert.rejects(start(file), (error: Error) => {
      assert.equal(error.name, 'UsageError', String(error))
      assert.match(error.message, says)
      return true
    })
  }
})

test('connections that are over make room, also those that never got through the handshake', { skip }, async () => {
  using certificates = new Certificates()
  certificates.issue('server', 'IP:127.0.0.1')
  certificates.issue('client', 'DNS:a')
  const policy = 'client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt'
  await using exporter = await startExporter({
    listen: { host: '127.0.0.1', port: 0 },
    log: () => {},
    webConfigFile: certificates.write('web.yml', `${server}  ${policy}\n`),
    limits: { connections: 4, readers: 4 },
  })
  const { target } = exporter
  assert.ok('port' in target)
  const { host, port } = target
  const leavesAfter = (begin: (done: () => void) => net.Socket): Promise<void> =>
    new Promise((resolve) => {
      const socket = begin(() => {
        socket.destroy()
        resolve()
      })
      socket.on('error', () => resolve())
    })
  // Each leaves without a word: in the middle of its handshake, at its end, and before it.
  const inTheMiddle = (done: () => void): net.Socket => {
    const socket = net.connect(port, host, () => socket.write(Buffer.from([22, 3, 1, 0, 200, 1, 2]), done))
    return socket
  }
  const atItsEnd = (done: () => void): net.Socket => tls.connect({ host, port, rejectUnauthorized: false }, done)
  const before = (done: () => void): net.Socket => net.connect(port, host, done)
  for (const begin of [inTheMiddle, atItsEnd, before]) for (let times = 0; times < 8; times++) await leavesAfter(begin)
  const url = `${exporter.url}/health`
  assert.equal((await curl(certificates, url)).status, 0)
  const asked = async (): Promise<number> => (await curl(certificates, url, ...mine('client'))).status
  for (let times = 0; times < 6; times++) assert.equal(await asked(), 200)
})
