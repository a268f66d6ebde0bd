import assert from 'node:assert/strict'
import test from 'node:test'
import { noFaults } from './no-faults.ts'
import { startBackend } from './testing/started.ts'

test('health says who it is', async () => {
  await using backend = await startBackend()
  const { code, json } = await backend.api.ask('GET', '/health')
  assert.equal(code, 200)
  assert.deepEqual(json, { name: 'backend-t', pid: process.pid })
})

test('faults that are named change, the rest stays', async () => {
  await using backend = await startBackend()
  await backend.api.change('PATCH', '/faults', { acceptDelayMs: 5, neverRead: true })
  const { faults } = await backend.api.change('PATCH', '/faults', { neverRead: false, responseBytes: 7 })
  assert.deepEqual(faults, { ...noFaults, acceptDelayMs: 5, responseBytes: 7 })
})

test('a wrong request is refused with 400 and the field that is wrong, and changes nothing', async () => {
  await using backend = await startBackend()
  const wrong: [method: string, path: string, body: unknown, field: string | undefined][] = [
    ['PATCH', '/faults', { stall: true }, 'stall'],
    ['PATCH', '/faults', { stalled: 'yes' }, 'stalled'],
    ['PATCH', '/faults', { acceptDelayMs: -1 }, 'acceptDelayMs'],
    ['PATCH', '/faults', { acceptDelayMs: 1.5 }, 'acceptDelayMs'],
    ['PATCH', '/faults', { readDelayMs: 60_001 }, 'readDelayMs'],
    ['PATCH', '/faults', { responseBytes: '9' }, 'responseBytes'],
    ['PATCH', '/faults', { acceptDelayMs: 9, neverRead: 1 }, 'neverRead'],
    ['PATCH', '/faults', [], undefined],
    ['PATCH', '/faults', 'stalled', undefined],
    ['PATCH', '/faults?process=x', {}, 'process'],
    ['PATCH', '/faults?proces=1', {}, 'proces'],
    ['PATCH', '/faults?process=1', {}, 'process'],
    ['PUT', '/listener', { backlog: -1 }, 'backlog'],
    ['PUT', '/listener', { backlog: 2 ** 31 }, 'backlog'],
    ['PUT', '/listener', { backlog: null }, 'backlog'],
    ['PUT', '/steering', {}, 'by'],
    ['PUT', '/steering', { by: 'chance' }, 'by'],
    ['PUT', '/steering', { by: 'random' }, 'members'],
    ['PUT', '/steering', { by: 'random', members: 0 }, 'members'],
    ['PUT', '/steering', { by: 'member', member: 0, of: 3 }, 'of'],
  ]
  for (const [method, path, body, field] of wrong) {
    const { code, json } = await backend.api.ask(method, path, body)
    assert.deepEqual([code, json.field], [400, field], `${method} ${path} ${JSON.stringify(body)}: ${json.error}`)
  }
  const { faults, listener } = await backend.api.status()
  assert.deepEqual(faults, noFaults)
  assert.equal(listener?.limit, 8)
})

test('what is no JSON, and a path that is not there, are refused with words', async () => {
  await using backend = await startBackend()
  const { control } = backend
  if ('path' in control) throw new Error('TCP was asked for')
  const headers = { 'content-type': 'application/json' }
  const url = `http://${control.host}:${control.port}/faults`
  const response = await fetch(url, { method: 'PATCH', body: '{"stalled":', headers })
  assert.equal(response.status, 400)
  assert.equal((await backend.api.ask('GET', '/fault')).code, 404)
})

test('the OpenAPI document lists every route, with its body and answers', async () => {
  await using backend = await startBackend()
  const { json } = await backend.api.ask('GET', '/openapi.json')
  assert.match(json.openapi, /^3\.1/)
  const routes = Object.entries<Record<string, { requestBody?: unknown; responses: Record<string, unknown> }>>(
    json.paths,
  )
  assert.deepEqual(
    routes.flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`)).sort(),
    [
      'delete /listener',
      'get /health',
      'get /metrics',
      'get /openapi.json',
      'get /status',
      'patch /faults',
      'post /listener',
      'put /listener',
      'put /steering',
    ],
  )
  for (const [path, methods] of routes)
    for (const [method, { requestBody, responses }] of Object.entries(methods)) {
      assert.equal(requestBody !== undefined, ['patch', 'put'].includes(method), `${method} ${path}`)
      assert.ok('200' in responses, `${method} ${path}`)
    }
  const faults = json.paths['/faults'].patch.requestBody.content['application/json'].schema
  assert.deepEqual(Object.keys(faults.properties), Object.keys(noFaults))
  assert.equal(faults.additionalProperties, false)
})

test('the metrics are in Prometheus text format, with buckets that rise to the count', async () => {
  await using backend = await startBackend()
  await (await fetch(`http://127.0.0.1:${backend.port}/`)).text()
  const { text } = await backend.api.ask('GET', '/metrics')
  const lines = text.split('\n').filter((line) => line !== '')
  for (const line of lines)
    assert.match(line, /^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [\d.e+-]+)$/)
  for (const name of ['spillway_backend_accept_wait_seconds', 'spillway_backend_request_duration_seconds']) {
    const buckets = lines.filter((line) => line.startsWith(`${name}_bucket`)).map((line) => Number(line.split(' ')[1]))
    assert.deepEqual(
      buckets,
      buckets.toSorted((a, b) => a - b),
      name,
    )
    const count = lines.find((line) => line.startsWith(`${name}_count`))?.split(' ')[1]
    assert.equal(buckets.at(-1), Number(count), name)
  }
})
