/** Numbers of NETLINK_SOCK_DIAG, from linux/inet_diag.h and net/tcp_states.h. */

export const NETLINK_SOCK_DIAG = 4
export const SOCK_DIAG_BY_FAMILY = 20
/** The first form of the question, and of its answers' type. It is for every family at once; what is in the answers is the same. */
export const TCPDIAG_GETSOCK = 18
export const NLMSG_ERROR = 2
export const NLMSG_DONE = 3
export const NLM_F_REQUEST = 1
export const NLM_F_DUMP = 0x300

export const NLMSG_HEADER_BYTES = 16
export const REQUEST_BYTES = 56
export const TCPDIAG_REQUEST_BYTES = 60
export const RECORD_BYTES = 72
export const ATTRIBUTE_HEADER_BYTES = 4

/**
 * The kernel builds chunks as large as the largest receive that it has seen, of up to 32,448 bytes: a later, smaller one
 * would lose data (docs/kernel-facts.md#dumps). Larger chunks than needed cost, since it allocates each whole.
 */
export const CHUNK_BYTES = 32_768
/** Before the first receive it builds none larger than a page, and none larger than this. */
export const FIRST_CHUNK_BYTES = 8192

/** TCP states as the kernel numbers them, under the names that Prometheus exporters and `ss` use. */
export const tcpStates = [
  undefined,
  'established',
  'syn_sent',
  'syn_recv',
  'fin_wait1',
  'fin_wait2',
  'time_wait',
  'close',
  'close_wait',
  'last_ack',
  'listen',
  'closing',
] as const

export type TcpState = Exclude<(typeof tcpStates)[number], undefined>

/** The mask of some states, for a dump or to test `1 << state` against. */
export const maskOf = (...names: readonly TcpState[]): number =>
  names.reduce((mask, name) => mask | (1 << tcpStates.indexOf(name)), 0)

export const ESTABLISHED = 1
export const SYN_RECV = 3
export const CLOSE_WAIT = 8
export const LISTEN = 10

/** As the family of a dump: IPv4 and IPv6 in one walk, for half the cost of two. */
export const ANY_FAMILY = 0

/** Masks for a dump. LISTEN alone never touches the table of connections, however many there are. */
export const states = {
  listen: 1 << LISTEN,
  synRecv: 1 << SYN_RECV,
  /** Of UDP: bound, and not connected to one peer. */
  unconnected: 1 << 7,
  /** All but LISTEN, half-open requests, and the closed (7), which are bound and unconnected. */
  connections: 0b1111_1111_1110 & ~(1 << LISTEN) & ~(1 << SYN_RECV) & ~(1 << 7),
} as const

/** Attributes that a dump can be asked for: bit (type - 1) of idiag_ext. CGROUP_ID comes unasked. */
export const wants = { info: 1 << 1, skmeminfo: 1 << 6 } as const

/** Of a request: a protocol that does not fit into its byte, as MPTCP's 262. */
export const REQUEST_PROTOCOL = 3

export const attribute = { bytecode: 1, info: 2, skmeminfo: 7, v6only: 11, cgroupId: 21 } as const

/** Indices in the u32 array of SKMEMINFO: the size of the receive buffer, and sk_drops. */
export const MEMINFO_RECEIVE_BUFFER = 1
export const MEMINFO_DROPS = 8
