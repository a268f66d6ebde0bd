/** `spillway top` asks an exporter that speaks TLS and wants a login, with certificates that openssl made. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import path from 'node:path'
import test from 'node:test'
import { hash } from 'bcryptjs'
import { startExporter } from '#services/exporter/exporter.ts'
import { Certificates } from '#services/exporter/fixtures/certificates.ts'
import { skipWithout } from './support/tools.ts'

const spillway = path.resolve(import.meta.dirname, '../bin/spillway')

interface Said {
  code: number
  stdout: string
  stderr: string
}

function top(args: string[], authority?: string): Promise<Said> {
  const env = { ...process.env, ...(authority === undefined ? {} : { NODE_EXTRA_CA_CERTS: authority }) }
  if (authority === undefined) delete env.NODE_EXTRA_CA_CERTS
  return new Promise((resolve) =>
    execFile(spillway, ['top', '--once', ...args], { env, maxBuffer: 1e8 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    ),
  )
}

test('top shows what an exporter behind TLS and a login reads, by a file or by the URL, and says what is missing without either', {
  skip: skipWithout('openssl'),
}, async () => {
  using certificates = new Certificates()
  certificates.issue('server', 'IP:127.0.0.1')
  const web = certificates.write(
    'web.yml',
    `tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\nbasic_auth_users:\n  ada: ${await hash('s3cret', 4)}\n`,
  )
  await using exporter = await startExporter({
    listen: { host: '127.0.0.1', port: 0 },
    log: () => {},
    webConfigFile: web,
  })
  const { url } = exporter
  const authority = certificates.path('ca.crt')
  const login = certificates.write('login', 'Basic ada:s3cret\n')
  const wrong = certificates.write('wrong', 'Basic ada:guessed\n')

  const byFile = await top(['--exporter', url, '--auth-file', login], authority)
  assert.deepEqual([byFile.code, byFile.stderr], [0, ''])
  assert.match(byFile.stdout, new RegExp(`exporter at ${url}`))
  const { port } = new URL(url)
  assert.match(byFile.stdout, new RegExp(`^ *●? *127\\.0\\.0\\.1:${port} `, 'm'), 'it reads its own listener')

  const byUrl = await top(['--exporter', url.replace('https://', 'https://ada:s3cret@')], authority)
  assert.deepEqual([byUrl.code, byUrl.stderr], [0, ''])
  assert.ok(!byUrl.stdout.includes('s3cret'), 'the password is not shown')

  for (const [args, ca, words] of [
    [['--exporter', url], authority, /refuses to answer without credentials \(status 401\)[\s\S]*--auth-file/],
    [['--exporter', url, '--auth-file', wrong], authority, /refuses these credentials \(status 401\)/],
    [['--exporter', url, '--auth-file', login], undefined, /No exporter answers at .*certificate/],
    [['--exporter', url.replace('https', 'http'), '--auth-file', login], authority, /is not an exporter|HTTPS/],
  ] as const) {
    const said = await top([...args], ca)
    assert.equal(said.code, 2, said.stdout)
    assert.match(said.stderr, words)
    assert.ok(!/s3cret|guessed|\n {4}at /.test(said.stderr), said.stderr)
  }
})
