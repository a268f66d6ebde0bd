import { once } from 'node:events'
import net from 'node:net'

const CLIENTS = 20
const BYTES = 4 << 20

/**
 * Sockets of this machine that hold memory until they are disposed of: what one has sent the other does not read. The kernel
 * adds up the memory of all TCP sockets in lots of a megabyte for each CPU, so that of a quiet machine it may say 0.
 */
export async function holdTcpMemory(): Promise<Disposable> {
  const held = new DisposableStack()
  const server = net.createServer({ pauseOnConnect: true }, (socket) => {
    socket.on('error', () => {}) // the other end goes first
    held.defer(() => socket.destroy())
  })
  held.defer(() => server.close())
  await once(server.listen(0, '127.0.0.1', CLIENTS), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('A server on a port has an address')
  for (let client = 0; client < CLIENTS; client++) {
    const socket = net.connect(address.port, '127.0.0.1')
    socket.on('error', () => {})
    held.defer(() => socket.destroy())
    socket.write(Buffer.alloc(BYTES))
  }
  return held
}
