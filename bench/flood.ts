/**
 * SYNs per second of the half-open client and of `hping3 --flood`, between the same two namespaces in turn, counted by
 * the kernel on the client's interface. Runs inside a network namespace of its own, which becomes the client's; prints
 * its rows as JSON. Usage: node flood.ts quick|full
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { median } from '#common/quantile.ts'
import { writeSysctl } from '#kernel/sysctl.ts'
import { floodSyns } from '#load/clients/half-open.ts'
import { Progress } from '#load/progress.ts'
import { Held } from './held.ts'
import type { Row } from './rows.ts'

const [rounds, seconds] = process.argv[2] === 'quick' ? [3, 1] : [7, 3]
const warmUpMs = 500
const target = { host: '198.18.0.2', port: 8080 }
const ip = (command: string): void => {
  execFileSync('ip', command.split(' '))
}

// A lab in small: the server at .2 sends what is for 198.19.0.0/16 to the client at .3, where nobody answers.
const network = 'ip link set lo up && ip link add eth0 type veth peer name eth1 && ip link set eth1 netns "$CLIENT"'
const server = 'ip addr add 198.18.0.2/24 dev eth0 && ip link set eth0 up && ip route add 198.19.0.0/16 via 198.18.0.3'
const listener = `exec "$0" "$1" ${target.host} ${target.port} 1`
const script = new URL('./listeners.ts', import.meta.url).pathname
process.env.CLIENT = String(process.pid)
await using _server = await Held.start('unshare', [
  '-n',
  'sh',
  '-c',
  `${network} && ${server} && ${listener}`,
  process.execPath,
  script,
])
writeSysctl('net.ipv4.ip_forward', 0) // a host with containers passes its 1 on; a client must not answer for its sources
ip('addr add 198.18.0.3/24 dev eth1')
ip('link set eth1 up')

/** Packets that have left by eth1. (/sys would show the namespace in which it was mounted.) */
function sent(): number {
  const [, fields = ''] = /eth1:(.*)/.exec(fs.readFileSync('/proc/thread-self/net/dev', 'utf8')) ?? []
  return Number(fields.trim().split(/\s+/)[TX_PACKETS])
}
const TX_PACKETS = 9

/** Packets a second that left, while something floods; the start is left out. */
async function rate(): Promise<number> {
  await sleep(warmUpMs)
  const [before, begin] = [sent(), performance.now()]
  await sleep(seconds * 1000)
  return ((sent() - before) / (performance.now() - begin)) * 1000
}

async function ours(): Promise<number> {
  const stop = new AbortController()
  const flood = floodSyns({ target, durationMs: 60_000 }, new Progress(), stop.signal)
  const measured = await rate()
  stop.abort()
  await flood
  return measured
}

async function hping3(): Promise<number> {
  const words = ['--flood', '-q', '-S', '-I', 'eth1', '-a', '198.19.7.7', '-p', String(target.port), target.host]
  const process = spawn('hping3', words, { stdio: 'ignore' })
  const ended = once(process, 'exit')
  const measured = await rate()
  process.kill('SIGINT')
  await ended
  return measured
}

const rates = { ours: [0].slice(1), hping3: [0].slice(1) }
for (let round = 0; round < rounds; round++) {
  rates.ours.push(await ours())
  rates.hping3.push(await hping3())
}
const thousands = (values: number[]): string => `${Math.round(median(values) / 1000)} thousand`
const rows: Row[] = [
  {
    what: 'SYNs a second, half-open client : hping3 --flood',
    value: median(rates.ours.map((value, round) => value / rates.hping3[round]!)),
    unit: '×',
    target: { least: 1 },
    note: `${thousands(rates.ours)}, hping3 ${thousands(rates.hping3)}`,
  },
]
console.log(JSON.stringify(rows))
