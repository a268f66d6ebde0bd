/** Which of the ports that Spillway serves on are taken on this machine. */
import net from 'node:net'
import { codeOf } from '#common/system-errors.ts'

/** `needed`: without it a lab does not start as it stands. The others are used by containers, or by servers of one's own. */
const ports = [
  { port: 10510, needed: true, what: 'the board' },
  { port: 10511, needed: true, what: 'the metrics' },
  { port: 10512, needed: false, what: 'the load agent of the containers' },
  { port: 10521, needed: false, what: 'backend 1 of the containers' },
  { port: 10522, needed: false, what: 'backend 2 of the containers' },
  { port: 10523, needed: false, what: 'backend 3 of the containers' },
  { port: 8080, needed: false, what: 'a server of your own; the lab has a port 8080 of its own' },
] as const

export interface PortFound {
  port: number
  needed: boolean
  what: string
  free: boolean
}

export const lookAtPorts = (): Promise<PortFound[]> =>
  Promise.all(ports.map(async (one) => ({ ...one, free: await isFree(one.port) })))

/** Whether one can listen there, on loopback: the only way to know that also sees what is not ours to list. */
function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const server = net.createServer()
  // Any other error, as without a loopback device, says nothing of other processes.
  server.once('error', (error) => resolve(codeOf(error) !== 'EADDRINUSE'))
  server.listen({ port, host: '127.0.0.1' }, () => server.close(() => resolve(true)))
  return promise
}
