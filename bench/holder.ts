/**
 * Holds connections, both ends, until its standard input ends. Usage: node holder.ts COUNT. Several of these stay below
 * the limit on open files of one process; clients use several source addresses, so that no ports run out.
 */
import { once } from 'node:events'
import net from 'node:net'

const count = Number(process.argv[2])
const batch = 200
const sources = 8

const accepted: net.Socket[] = []
const server = net.createServer({ pauseOnConnect: true }, (socket) => accepted.push(socket))
server.listen({ host: '127.0.0.1', port: 0, backlog: 511 })
await once(server, 'listening')
const address = server.address()
if (address === null || typeof address === 'string') throw new Error('This server has no port')

const open: net.Socket[] = []
while (open.length < count) {
  const next = Array.from({ length: Math.min(batch, count - open.length) }, (_, i) => {
    const localAddress = `127.0.0.${2 + (i % sources)}`
    return net.connect({ host: '127.0.0.1', port: address.port, localAddress })
  })
  await Promise.all(next.map((socket) => once(socket, 'connect')))
  open.push(...next)
}
while (accepted.length < count) await once(server, 'connection')
console.log('open')
process.stdin.resume().on('end', () => process.exit())
