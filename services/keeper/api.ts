/** What the keeper of somebody's server accepts and answers: the control API of a backend, as far as any server has one. */
import { type Static, Type } from 'typebox'

/** The body of PATCH /faults. */
export const StallChange = Type.Object(
  { stalled: Type.Boolean({ description: 'Whether the processes that accept are stopped (SIGSTOP)' }) },
  { additionalProperties: false },
)

/** The query of PATCH /faults: one process instead of all. */
export const StallQuery = Type.Object(
  { process: Type.Optional(Type.Integer({ minimum: 0, description: 'Its index in the list of GET /status' })) },
  { additionalProperties: false },
)

const closed = { additionalProperties: false } as const

/** The body of POST /server: what is done to the server as a whole. */
export const ServerOrder = Type.Union([
  Type.Object(
    {
      do: Type.Union([Type.Literal('kill'), Type.Literal('stop'), Type.Literal('start'), Type.Literal('reload')], {
        description: 'kill: SIGKILL to all its processes. stop and reload: as its command line says',
      }),
    },
    closed,
  ),
  Type.Object(
    {
      do: Type.Literal('slow'),
      percent: Type.Integer({
        minimum: 0,
        maximum: 100,
        description: 'All its processes together get no more than this per cent of one CPU; 0: as much as there is',
      }),
    },
    closed,
  ),
])
export type ServerOrder = Static<typeof ServerOrder>

/** The body of PUT /listener: what is set on the live socket, which the server need not know of. */
export const SocketChange = Type.Object(
  {
    backlog: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 2_147_483_647, description: 'listen() is called again' }),
    ),
    deferAcceptSeconds: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 3600, description: 'TCP_DEFER_ACCEPT; 0 switches it off' }),
    ),
  },
  { additionalProperties: false },
)

/** What can be switched on in somebody's server without its help: a stall alone. The others are always off. */
export interface NoOtherFaults {
  stalled: boolean
  acceptDelayMs: 0
  readDelayMs: 0
  responseDelayMs: 0
  neverRead: false
  responseBytes: 0
}

/** The share of one CPU, in per cent, that all its processes together are held to, 0 for none; or why no quota can be set. */
export type CpuShare = { percent: number } | { missing: string }

/** One process that accepts. What only the server itself could tell is left out. */
interface ServerProcessStatus {
  pid: number
  faults: NoOtherFaults
  /** Connections that it has accepted; only where it is the only one that accepts. */
  accepts?: number
  /** CPU time of all its threads. */
  cpuSeconds: number
}

/** The answer of GET /status, about one of the server's sockets. Counts are since this socket was first seen. */
export interface ServerStatus {
  name: string
  /** The lowest of its processes that accept; of one without, its first process. */
  pid: number
  /** `sharded`: several sockets on the port. `shared`: one, at which several processes accept. */
  mode: 'sharded' | 'shared' | 'single'
  /** Null while it does not listen. `backlog` is what is in force: what was asked for the kernel does not tell. */
  listener: {
    address: string
    port: number
    backlog: number
    limit: number
    length: number
    drops: number
    inode: number
    cookie: string
  } | null
  faults: NoOtherFaults
  /** Connections accepted: what the kernel completed less what waits. Only where nothing else in its namespace listens. */
  accepts?: number
  somaxconn: number
  /** Those that accept, as they have been seen to; in the order of their numbers. */
  processes: ServerProcessStatus[]
  /** Whether any process of the server runs. */
  runs: boolean
  /** How many sockets it has on its port; each has a control API. */
  sockets: number
  /** Whether it is known how it is reloaded. */
  reloads: boolean
  cpu: CpuShare
}

/** Where a server was found to listen: what its lab is made of. */
export interface Found {
  name: string
  address: string
  port: number
  /** Where clients reach it, if that is not by the address where it was expected: by IPv6. */
  reachedAt?: string
  /** Of a server at a UNIX socket, where clients find that; it has no port. */
  path?: string
  mode: ServerStatus['mode']
  /** The sockets in order, each with its limit and the number of processes that accept. */
  sockets: { limit: number; acceptors: number }[]
}

/** What the keeper says to its parent, as soon as it is so. */
export type KeeperWord =
  | { is: 'listening'; found: Found }
  | { is: 'failed'; problem: string; remedy: string | undefined }
  /** The server has ended without having been told to: how, and below it the last lines that it wrote. */
  | { is: 'ended'; how: string }
