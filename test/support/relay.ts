/**
 * Runs k6 in a network namespace that nothing but a Unix socket leads out of: `node relay.ts SOCKET k6 run …`.
 * What k6 writes to Prometheus goes to a port on loopback, and from there through the socket.
 */
import { spawn } from 'node:child_process'
import net from 'node:net'

const [socket = '', command = '', ...args] = process.argv.slice(2)

const server = net.createServer((near) => {
  const far = net.connect(socket)
  near.pipe(far).pipe(near)
  near.on('error', () => far.destroy())
  far.on('error', () => near.destroy())
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('No port on loopback')
  const url = `http://127.0.0.1:${address.port}/api/v1/write`
  const child = spawn(command, args, {
    stdio: 'inherit',
    env: { ...process.env, K6_PROMETHEUS_RW_SERVER_URL: url },
  })
  child.once('exit', (code) => process.exit(code ?? 1))
})
