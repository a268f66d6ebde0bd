/** A Prometheus that wants to know who asks: each way to tell it, and that no secret is seen anywhere. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { UsageError } from '#common/errors.ts'
import { Prometheus } from '#planner/inputs/prometheus.ts'
import { credentialsFrom, parseCredentials } from './credentials.ts'

const spillway = new URL('../../bin/spillway', import.meta.url).pathname
/** In no word that a message could have of its own, and with what a URL has to escape. */
const SECRET = 'hush/Hx7@q%25z'
const BASIC = `Basic ${Buffer.from(`alice:${SECRET}`).toString('base64')}`

type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void

async function listening(context: test.TestContext, handler: Handler): Promise<string> {
  const server = http.createServer(handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

const ANSWER = JSON.stringify({
  status: 'success',
  data: {
    resultType: 'matrix',
    result: [
      { metric: { port: '8080' }, value: [0, '9'], values: Array.from({ length: 20 }, (_, i) => [i * 15, '40']) },
    ],
  },
})

/** Answers only requests that have a header of this value; keeps what was asked. */
async function demanding(context: test.TestContext, header: string, value: string) {
  const seen: (string | string[] | undefined)[] = []
  const address = await listening(context, (request, response) => {
    seen.push(request.headers[header])
    if (request.headers[header] === value) response.end(ANSWER)
    else response.writeHead(401, { 'content-type': 'text/plain' }).end('Unauthorized')
  })
  return { address, seen }
}

function fileWith(context: test.TestContext, text: string): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-auth-'))
  context.after(() => fs.rmSync(folder, { recursive: true }))
  fs.writeFileSync(path.join(folder, 'auth'), text)
  return path.join(folder, 'auth')
}

/** All that a command lets anybody see. */
async function seenOf(words: string[], environment: NodeJS.ProcessEnv = {}) {
  const child = spawn(spillway, ['plan', ...words], { env: { ...process.env, ...environment } })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part) => {
      output += part
    })
  const status = await new Promise((resolve) => child.once('close', resolve))
  return { status, output }
}

for (const [what, header, value, text] of [
  ['a user and a password', 'authorization', BASIC, `# for the planner\n\nBasic alice:${SECRET}\n`],
  ['a user and a password in base64', 'authorization', BASIC, `${BASIC}\n`],
  ['a token', 'authorization', `Bearer ${SECRET}`, `Bearer ${SECRET}\n`],
  ['a token and nothing else, as Kubernetes mounts it', 'authorization', `Bearer ${SECRET}`, SECRET],
  ['a header', 'x-api-key', SECRET, `X-Api-Key: ${SECRET}\n`],
  ['a header beside a token', 'x-scope-orgid', 'tenant 1', `Bearer ${SECRET}\nX-Scope-OrgID: tenant 1\n`],
] as const)
  test(`${what} in a file lets the planner ask`, async (context) => {
    const { address } = await demanding(context, header, value)
    const credentials = credentialsFrom(fileWith(context, text), {})
    assert.equal((await new Prometheus(`http://${address}`, credentials).now('up')).length, 1)
    await assert.rejects(
      new Prometheus(`http://${address}`).now('up'),
      /refuses to answer without credentials \(status 401\)/,
    )
    const wrong = credentialsFrom(fileWith(context, 'Bearer nonsense'), {})
    await assert.rejects(
      new Prometheus(`http://${address}`, wrong).now('up'),
      /refuses these credentials \(status 401\)/,
    )
  })

for (const [what, header, value, environment] of [
  [
    'user and password',
    'authorization',
    BASIC,
    { SPILLWAY_PROMETHEUS_USER: 'alice', SPILLWAY_PROMETHEUS_PASSWORD: SECRET },
  ],
  ['token', 'authorization', `Bearer ${SECRET}`, { SPILLWAY_PROMETHEUS_TOKEN: SECRET }],
  ['header', 'x-api-key', SECRET, { SPILLWAY_PROMETHEUS_HEADER: `X-Api-Key: ${SECRET}` }],
] as const)
  test(`the environment’s ${what} lets the planner ask`, async (context) => {
    const { address } = await demanding(context, header, value)
    const credentials = credentialsFrom(undefined, environment)
    assert.equal((await new Prometheus(`http://${address}`, credentials).now('up')).length, 1)
  })

test('user and password of an address are basic authentication, and go before the environment', async (context) => {
  const { address, seen } = await demanding(context, 'authorization', BASIC)
  const environment = credentialsFrom(undefined, { SPILLWAY_PROMETHEUS_TOKEN: 'other' })
  const prometheus = new Prometheus(`http://alice:${encodeURIComponent(SECRET)}@${address}`, environment)
  assert.equal((await prometheus.now('up')).length, 1)
  assert.deepEqual(seen, [BASIC])
  assert.equal(`${prometheus}`, `http://${address}/`)
})

test('nothing is sent where nothing was given', async (context) => {
  const { address, seen } = await demanding(context, 'authorization', BASIC)
  assert.equal(credentialsFrom(undefined, { SPILLWAY_PROMETHEUS_TOKEN: '' }), undefined)
  await assert.rejects(new Prometheus(`http://${address}`, credentialsFrom(undefined, {})).now('up'))
  assert.deepEqual(seen, [undefined])
})

test('a redirect keeps the question and, on the same origin, the credentials; another origin gets none', async (context) => {
  const other = await demanding(context, 'authorization', BASIC)
  const open: http.IncomingHttpHeaders[] = []
  const stranger = await listening(context, (request, response) => {
    open.push(request.headers)
    response.end(ANSWER)
  })
  let target = ''
  const bodies: string[] = []
  const first = await listening(context, async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    bodies.push(body)
    if (request.url?.startsWith('/moved/')) {
      response.end(request.headers.authorization === BASIC ? ANSWER : '{}')
      return
    }
    response.writeHead(302, { location: `${target}${request.url}` }).end()
  })
  const credentials = parseCredentials('auth', `Basic alice:${SECRET}\nX-Api-Key: ${SECRET}\n`)
  const prometheus = new Prometheus(`http://${first}`, credentials)

  target = '/moved'
  assert.equal((await prometheus.now('up{job="a"}')).length, 1)
  assert.equal(new URLSearchParams(bodies.at(-1)).get('query'), 'up{job="a"}')

  target = `http://mallory:pw@${stranger}`
  assert.equal((await prometheus.now('up')).length, 1)
  assert.deepEqual([open[0]?.authorization, open[0]?.['x-api-key']], [undefined, undefined])

  target = `http://${other.address}`
  await assert.rejects(prometheus.now('up'), (error: unknown) => {
    assert.ok(error instanceof UsageError)
    assert.match(error.message, /which redirects to http:.*: that is not given the credentials.*\(status 401\)/)
    return true
  })
  assert.deepEqual(other.seen, [undefined])
})

for (const [what, read, problem] of [
  ['an empty file', () => parseCredentials('auth', '\n# nothing\n'), /auth contains no credentials/],
  ['two tokens', () => parseCredentials('auth', 'Bearer hush1\nBearer hush2'), /gives the header authorization twice/],
  ['a line of no form', () => parseCredentials('auth', 'alice:hush'), /auth line 1 does not look like credentials/],
  ['a password without a user', () => parseCredentials('auth', 'Basic hush'), /auth line 1 has no USER:PASSWORD/],
  ['a token with a line in it', () => credentialsFrom(undefined, { SPILLWAY_PROMETHEUS_TOKEN: 'hu\nsh' }), /printable/],
  [
    'the length of a request',
    () => parseCredentials('auth', 'Content-Length: 7hush'),
    /the header Content-Length cannot be set/,
  ],
  ['a user alone', () => credentialsFrom(undefined, { SPILLWAY_PROMETHEUS_USER: 'hush' }), /PASSWORD is not/],
  [
    'a file that is not there',
    () => credentialsFrom('/nowhere/auth', {}),
    /^Cannot read \/nowhere\/auth: it does not exist$/,
  ],
] as const)
  test(`${what} is refused, and not repeated`, () => {
    assert.throws(read, (error: unknown) => {
      assert.ok(error instanceof UsageError)
      assert.match(error.message, problem)
      assert.doesNotMatch(`${error.message} ${error.remedy}`, /hu\s?sh/)
      return true
    })
  })

test('no output holds a secret: answers, JSON, pages, and complaints of every kind', async (context) => {
  const wanted = await demanding(context, 'authorization', BASIC)
  const angry = await listening(context, (request, response) => {
    const error = `what is ${request.headers.authorization} or ${SECRET}?`
    response.writeHead(422).end(JSON.stringify({ status: 'error', error }))
  })
  const file = fileWith(context, `Basic alice:${SECRET}\n`)
  const page = path.join(path.dirname(file), 'page.html')
  const user = (address: string): string => `http://alice:${encodeURIComponent(SECRET)}@${address}`
  const environment = { SPILLWAY_PROMETHEUS_USER: 'alice', SPILLWAY_PROMETHEUS_PASSWORD: SECRET }
  const query = ['--query', 'rate(x[1m])', '--range', '5m', '--stall', '100ms']
  const asked: [number, string[], NodeJS.ProcessEnv?][] = [
    [0, ['--from', user(wanted.address)]],
    [0, ['--from', user(wanted.address), '--json']],
    [0, [`--from=${user(wanted.address)}`, '--report', page]],
    [0, ['--from', `http://${wanted.address}`, '--auth-file', file, '--json']],
    [0, ['--from', `http://${wanted.address}`], environment],
    [0, ['--arrivals', user(wanted.address), ...query, '--json']],
    [0, ['--arrivals', user(wanted.address), ...query, '--report', page]],
    [2, ['--from', user(wanted.address), '--auth-file', file]],
    [2, ['--from', user(angry)]],
    [2, ['--from', `http://${angry}`, '--auth-file', file]],
    [2, ['--from', user('127.0.0.1:1')]],
    [2, ['--from', `alice:${SECRET}@${angry}`]],
    [2, ['--from', `ftp://alice:${SECRET}@${angry}`]],
    [2, ['--from', `http://alice:${SECRET}@:x`]],
    [2, ['--arrivals', `htp://alice:${SECRET}@${angry}`, '--stall', '1s']],
    [2, ['--arrivals', user(angry), '--rate', '1/s']],
    [2, ['--arrivals', user(angry), '--stall', '1s']],
    [2, [user(angry)]],
    [2, [user(angry), user(angry)]],
    [2, ['--form', user(angry)]],
    [2, ['--rate', user(angry)]],
    [2, ['--from', `http://${angry}`], { ...environment, SPILLWAY_PROMETHEUS_TOKEN: SECRET }],
    [2, ['--auth-file', file, '--rate', '1/s', '--stall', '1s']],
  ]
  const forms = [SECRET, encodeURIComponent(SECRET), BASIC.slice('Basic '.length)]
  for (const [expected, words, extra] of asked) {
    const { status, output } = await seenOf(words, extra)
    const told = output + (fs.existsSync(page) ? fs.readFileSync(page, 'utf8') : '')
    assert.equal(status, expected, `${words.join(' ')}: ${output}`)
    assert.notEqual(output, '')
    for (const form of forms) assert.ok(!told.includes(form), `${words.join(' ')}: ${output}`)
    fs.rmSync(page, { force: true })
  }
})
