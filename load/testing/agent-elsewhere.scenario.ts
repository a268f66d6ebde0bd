/** An agent that is started in the server's network namespace, and whose clients are in another. Writes what came of it as JSON. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { fileURLToPath } from 'node:url'
import { eventually } from '#common/waiting.ts'
import type { CountersReport, LoadReport } from '../agent/api.ts'
import { makeLabNetwork, SERVER_ADDRESS } from './lab-network.ts'

const { client, server } = makeLabNetwork()
server.enter()
const peers: (string | undefined)[] = []
const service = net.createServer((socket) => {
  peers.push(socket.remoteAddress)
  socket.on('error', () => {}).end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
})
service.listen({ host: SERVER_ADDRESS, port: 0 })
await once(service, 'listening')
const { port } = service.address() as net.AddressInfo

const main = fileURLToPath(new URL('../agent/main.ts', import.meta.url))
const words = [main, `--listen=${SERVER_ADDRESS}:0`, `--netns=/proc/${process.pid}/fd/${client.fd}`]
const agent = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
const [line] = await once(agent.stdout, 'data')
const api = `http://${/on (\S+)/.exec(String(line))?.[1]}`
const ask = async <Answer>(path: string, body?: object): Promise<Answer> => {
  const order = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  return (await fetch(`${api}${path}`, body === undefined ? {} : order)).json() as Promise<Answer>
}
const { id } = await ask<LoadReport>('/loads', {
  kind: 'connections',
  target: { host: SERVER_ADDRESS, port },
  arrivals: { shape: 'burst', connections: 3 },
})
const { outcomes } = await eventually(
  'the load is over',
  () => ask<LoadReport>(`/loads/${id}`),
  ({ state }) => state === 'done',
)
const { counters } = await ask<CountersReport>('/counters')
agent.kill('SIGTERM')
await once(agent, 'exit')
service.close()
console.log(JSON.stringify({ outcomes, peers, activeOpens: counters.Tcp_ActiveOpens }))
