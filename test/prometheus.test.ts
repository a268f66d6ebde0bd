/** A real Prometheus scrapes a real lab, and its queries find what the lab does. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { eventually } from '#common/waiting.ts'
import { ExporterRelay } from '#lab/exporter-relay.ts'
import { Lab } from '#lab/lab.ts'
import { findProgram, skipWithout } from './support/tools.ts'

interface QueryAnswer {
  data: { result: { metric: Record<string, string>; value: [number, string] }[] }
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as net.AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

test('a Prometheus scrapes the lab and sees a stalled shard overflow', {
  skip: skipWithout('prometheus'),
}, async (context) => {
  await using lab = await Lab.start({ backends: [{ backlog: 16 }, { backlog: 16 }] })
  await using relay = await ExporterRelay.open({ host: '127.0.0.1', port: 0 }, () => lab.exporter, '--metrics')
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-prometheus-'))
  const address = `127.0.0.1:${await freePort()}`
  fs.writeFileSync(
    path.join(folder, 'prometheus.yml'),
    JSON.stringify({
      global: { scrape_interval: '1s' },
      scrape_configs: [{ job_name: 'spillway', static_configs: [{ targets: [new URL(relay.url).host] }] }],
    }),
  )
  const prometheus = spawn(
    findProgram('prometheus')!,
    [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=${address}`],
    { stdio: 'ignore' },
  )
  context.after(async () => {
    const ended = new Promise((resolve) => prometheus.once('exit', resolve))
    prometheus.kill('SIGKILL')
    await ended
    fs.rmSync(folder, { recursive: true, force: true })
  })
  const query = async (expression: string): Promise<Record<string, number>> => {
    const response = await fetch(`http://${address}/api/v1/query?query=${encodeURIComponent(expression)}`).catch(
      () => undefined,
    )
    if (response?.ok !== true) return {}
    const { data } = (await response.json()) as QueryAnswer
    return Object.fromEntries(data.result.map(({ metric, value }) => [metric.shard ?? '', Number(value[1])]))
  }

  await lab.clients.start({ kind: 'connections', arrivals: { shape: 'poisson', ratePerSecond: 200, seed: 1 } })
  await lab.backend(2).stall()
  await eventually(
    'Prometheus sees the full queue',
    () => query('tcp_listener_accept_queue_length / (tcp_listener_accept_queue_limit + 1)'),
    (fill) => {
      assert.equal(fill['2'], 1)
      assert.ok(fill['1']! < 1)
    },
  )
  await eventually(
    'Prometheus sees its drops',
    () => query('rate(tcp_listener_drops_total[10s])'),
    (drops) => {
      assert.ok(drops['2']! > 0)
      assert.equal(drops['1'], 0)
    },
  )
  await eventually(
    'Prometheus sees the overflows',
    () => query('rate(node_netstat_TcpExt_ListenOverflows[10s])'),
    (overflows) => assert.ok(overflows['']! > 0),
  )
})
