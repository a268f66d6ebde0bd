import net from 'node:net'
import type { Target } from '../agent/api.ts'

/** A server of one test on loopback, and the connections that it holds. */
export interface TestServer extends AsyncDisposable {
  target: Target
  sockets: Set<net.Socket>
}

/** Serves with this function. Errors of connections are theirs to have: clients here mean harm. */
export async function startServer(serve: (socket: net.Socket) => void, host = '127.0.0.1'): Promise<TestServer> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    serve(socket)
  })
  await new Promise<void>((resolve) => server.listen({ host, port: 0, backlog: 511 }, resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A TCP server has an address and a port')
  return {
    target: { host, port: address.port },
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
