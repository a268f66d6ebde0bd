/** NETLINK_SOCK_DIAG: the kernel's own list of TCP, UDP and UNIX sockets, with queues, limits and drops. */
export { MAX_FILTER_PORTS, ownPortIn, ownPortNotIn } from './sock-diag/bytecode.ts'
export {
  ANY_FAMILY,
  LISTEN,
  maskOf,
  states,
  type TcpState,
  tcpStates,
  wants,
} from './sock-diag/layout.ts'
export { type ListenerProtocol, MptcpListeners } from './sock-diag/mptcp.ts'
export type { SocketRecord } from './sock-diag/record.ts'
export { MOST_LOOKS, PreparedDump, PreparedLook, SockDiag } from './sock-diag/socket.ts'
export type { UnixRecord } from './sock-diag/unix-record.ts'
