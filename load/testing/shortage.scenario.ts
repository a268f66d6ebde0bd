/** In a namespace of its own: what connections meet when something has run out. Writes what it saw as JSON. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { writeSysctl } from '#kernel/sysctl.ts'
import type { Target } from '../agent/api.ts'
import { runConnections } from '../clients/connections.ts'
import { type LoadProgress, Progress } from '../progress.ts'
import { startServer } from './server.ts'

async function burst(target: Target, connections: number): Promise<LoadProgress> {
  const progress = new Progress()
  await runConnections(
    { kind: 'connections', target, arrivals: { shape: 'burst', connections } },
    progress,
    new AbortController().signal,
  )
  return progress.report()
}

execFileSync('ip', ['link', 'set', 'lo', 'up'])
await using server = await startServer((socket) =>
  socket.once('data', () => setTimeout(() => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'), 200)),
)
const route = await burst({ host: '203.0.113.1', port: 80 }, 1)

writeSysctl('net.ipv4.ip_local_port_range', '40000 40003')
const ports = await burst(server.target, 10)
writeSysctl('net.ipv4.ip_local_port_range', '32768 60999')

// Last, because the limit stays. Those that are open now, and three more.
const openFiles = fs.readdirSync('/proc/self/fd').length
execFileSync('prlimit', ['--pid', String(process.pid), `--nofile=${openFiles + 3}:`])
const files = await burst(server.target, 20)
console.log(JSON.stringify({ ports, route, files }))
