/** The k6 scripts, run for real: against a plain HTTP server, with their results in a real Prometheus. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import http from 'node:http'
import test from 'node:test'
import { eventually } from '#common/waiting.ts'
import { boards } from '#dashboards/index.ts'
import { metricsIn, questions } from '#dashboards/queries.ts'
import { k6Arguments, k6Settings, scripts } from './support/k6.ts'
import { Prometheus } from './support/prometheus.ts'
import { findProgram, skipWithout } from './support/tools.ts'

const skip = skipWithout('k6') || skipWithout('prometheus')
/** What k6 ends with when a threshold is crossed. */
const THRESHOLD_CROSSED = 99

/** A server that counts what comes. */
class Target implements AsyncDisposable {
  connections = 0
  requests = 0
  readonly #server: http.Server

  private constructor(status: number) {
    this.#server = http.createServer((_, response) => {
      this.requests++
      response.writeHead(status).end('ok')
    })
    this.#server.on('connection', () => this.connections++)
  }

  static async start(status = 200): Promise<Target> {
    const target = new Target(status)
    await new Promise<void>((resolve) => target.#server.listen(0, '127.0.0.1', resolve))
    return target
  }

  get url(): string {
    const address = this.#server.address()
    if (typeof address !== 'object' || address === null) throw new Error('The target does not listen')
    return `http://127.0.0.1:${address.port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }
}

interface Ended {
  status: number | null
  output: string
}

/** Runs a script to its end, with the environment that the lab would give it. */
function k6(script: string, environment: Record<string, string>): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>()
  const child = spawn(findProgram('k6')!, k6Arguments(script), {
    env: { ...process.env, ...k6Settings(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  child.once('close', (status) => resolve({ status, output }))
  return promise
}

const remoteWrite = (prometheus: Prometheus) => ({
  K6_PROMETHEUS_RW_SERVER_URL: `${prometheus.url}/api/v1/write`,
})

for (const script of scripts)
  test(`${script} runs, keeps its thresholds, and its results reach Prometheus`, { skip }, async () => {
    await using prometheus = await Prometheus.start({})
    await using target = await Target.start()
    const run = { TARGET: target.url, RATE: '10', PEAK: '30', DURATION: '3s', ...remoteWrite(prometheus) }
    const { status, output } = await k6(script, run)
    assert.equal(status, 0, output)
    assert.match(output, /✓ 'rate<0\.01'/, 'its thresholds were judged')
    const requestsPerClient = script === 'no-reuse' ? 1 : 3
    assert.ok(target.requests > 0)
    assert.equal(target.requests, target.connections * requestsPerClient, 'each client has a connection of its own')
    const [series] = await prometheus.query(`sum by (load) (last_over_time(k6_http_reqs_total[5m]))`)
    assert.deepEqual(series?.labels, { load: script })
    assert.equal(series.value, target.requests, 'Prometheus has as many requests as the server')
  })

test('what the boards ask of k6 has an answer while it runs', { skip }, async () => {
  await using prometheus = await Prometheus.start({})
  await using target = await Target.start()
  const running = k6('steady', { TARGET: target.url, DURATION: '12s', ...remoteWrite(prometheus) })
  const asked = questions(boards.values()).filter(({ expression }) => {
    const names = [...metricsIn(expression)]
    return names.length > 0 && names.every((name) => name.startsWith('k6_'))
  })
  assert.ok(asked.length > 0)
  for (const { where, expression } of asked)
    await eventually(
      'the panel has an answer',
      () => prometheus.query(expression),
      (series) =>
        assert.ok(
          series.some(({ value }) => Number.isFinite(value)),
          `${where}: ${expression}`,
        ),
    )
  assert.equal((await running).status, 0)
})

test('a server that answers with errors makes k6 fail, and the failures are known', { skip }, async () => {
  await using prometheus = await Prometheus.start({})
  await using target = await Target.start(500)
  const run = { TARGET: target.url, RATE: '10', DURATION: '2s', ...remoteWrite(prometheus) }
  assert.equal((await k6('steady', run)).status, THRESHOLD_CROSSED)
  const failed = await prometheus.query('sum(last_over_time(k6_http_reqs_total{expected_response="false"}[5m]))')
  assert.equal(failed[0]?.value, target.requests)
})

test('a setting that k6 could not keep to stops k6 before it sends anything', { skip }, async () => {
  await using target = await Target.start()
  const { status, output } = await k6('steady', { TARGET: target.url, RATE: '0.5' })
  assert.notEqual(status, 0)
  assert.match(output, /RATE=0\.5 is not a whole number above 0/)
  assert.equal(target.connections, 0)
})
