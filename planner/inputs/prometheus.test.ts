/** Why a Prometheus does not answer, in words of our own whatever fetch and the system say. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import test, { type TestContext } from 'node:test'
import { UsageError } from '#common/errors.ts'
import { Prometheus } from './prometheus.ts'

/** Words of undici, OpenSSL, llhttp and libuv. */
const foreign =
  /fetch failed|bad port|other side|Parse Error|socket hang up|certificate has|SSL routines|\b[A-Z]+_[A-Z_]+\b(?<!NODE_EXTRA_CA_CERTS)|\bE[A-Z]{4,}\b/

/** A server that says this to whoever connects, and closes. */
async function saying(context: TestContext, text: string): Promise<string> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(text))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => server.close())
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return `127.0.0.1:${address.port}`
}

async function complaintOf(url: string): Promise<string> {
  try {
    await new Prometheus(url).now('up')
  } catch (error) {
    assert.ok(error instanceof UsageError)
    assert.ok(error.message.startsWith('No Prometheus answers at '), error.message)
    assert.doesNotMatch(error.message, foreign)
    return error.message
  }
  assert.fail(`${url} answers`)
}

test('why there is no answer is said in plain words', async (context) => {
  const closed = await saying(context, '')
  const stranger = await saying(context, '220 mail.example ESMTP\r\n')
  const cut = await saying(context, 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{')
  const moved = await saying(context, 'HTTP/1.1 302 Found\r\nlocation: ftp://127.0.0.1/\r\ncontent-length: 0\r\n\r\n')
  for (const [url, why] of [
    ['http://127.0.0.1:1', /: its port is reserved for another protocol, and HTTP clients do not use it$/],
    ['http://127.0.0.1:10', /: nothing listens there$/],
    ['http://[::1]:10', /: (nothing listens there|this machine does not support|no interface of this machine)/],
    [`http://${closed}`, /: the connection broke off, or the server there does not speak HTTP$/],
    [`http://${stranger}`, /: the connection broke off, or the server there does not speak HTTP$/],
    [`http://${cut}`, /: the connection broke off, or the server there does not speak HTTP$/],
    [`https://${stranger}`, /: the server there does not speak HTTPS$/],
    [`http://${moved}`, /: it redirects to ftp:\/\/…, which is not HTTP$/],
  ] as const)
    assert.match(await complaintOf(url), why, url)
})

test('whatever fetch complains of, its words are not repeated', async (context) => {
  const failing = (cause: unknown) =>
    context.mock.method(globalThis, 'fetch', () => Promise.reject(new TypeError('fetch failed', { cause })))
  const coded = (code: string) => Object.assign(new Error(`${code}: certificate has failed`), { code })
  for (const [cause, why] of [
    [coded('DEPTH_ZERO_SELF_SIGNED_CERT'), /: its certificate is not trusted here \(NODE_EXTRA_CA_CERTS can name/],
    [coded('ERR_TLS_CERT_ALTNAME_INVALID'), /: its certificate is not trusted here/],
    [coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), /: its certificate is not trusted here/],
    [coded('UND_ERR_HEADERS_OVERFLOW'), /: the connection broke off, or/],
    [coded('ENOTFOUND'), /: no host of that name is known$/],
    [undefined, /: the connection broke off, or/],
  ] as const) {
    const { mock } = failing(cause)
    assert.match(await complaintOf('https://metrics.example'), why)
    mock.restore()
  }
})
