import { AF_INET } from '#kernel/libc.ts'
import { PreparedDump, SockDiag, states, type TcpState, tcpStates, wants } from '#kernel/sock-diag.ts'

/** A connection as the kernel sees it. */
export interface SeenConnection {
  state: TcpState | undefined
  port: number
  peerPort: number
  receiveBytes: number
  sendBytes: number
  peerWindowBytes: number | undefined
}

/** The IPv4 connections of the calling thread's namespace with this port at either end. */
export function connectionsOf(port: number): SeenConnection[] {
  const seen: SeenConnection[] = []
  using diagnosis = new SockDiag()
  const dump = new PreparedDump({ family: AF_INET, states: states.connections, wants: wants.info })
  diagnosis.dump(dump, (socket) => {
    if (socket.port !== port && socket.peerPort !== port) return
    seen.push({
      state: tcpStates[socket.state],
      port: socket.port,
      peerPort: socket.peerPort,
      receiveBytes: socket.receiveQueue,
      sendBytes: socket.sendQueue,
      peerWindowBytes: socket.peerWindowBytes,
    })
  })
  return seen
}
