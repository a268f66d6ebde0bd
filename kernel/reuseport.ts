/**
 * SO_REUSEPORT groups: which listeners form one, and programs that choose the member for a new connection.
 * The kernel chooses at the SYN and never looks at a member's queue (reuseport_select_sock): a full member keeps
 * receiving its share.
 */
import { program } from './classic-bpf.ts'
import * as libc from './libc.ts'

/** What decides whether listeners share a group (inet_reuseport_add_sock). They must also belong to one user. */
export interface GroupKey {
  family: number
  address: string
  port: number
  interfaceIndex: number
  v6only: boolean
}

/** Equal for listeners of one namespace that form one SO_REUSEPORT group. The kernel shows no group of its own. */
export const groupKey = (socket: GroupKey): string =>
  `${socket.family}|${socket.address}|${socket.port}|${socket.interfaceIndex}|${socket.v6only}`

/** How a group steers new connections to its members, numbered from 0 in the order in which they began to listen. */
export type Steering =
  | { by: 'hash' }
  | { by: 'cpu' }
  | { by: 'random'; members: number }
  | { by: 'member'; member: number }

const LOAD_ABSOLUTE = 0x20
const MODULO = 0x94
const RETURN_A = 0x16
const RETURN_CONSTANT = 0x06
const CURRENT_CPU = 0xffff_f024
const RANDOM = 0xffff_f038

/**
 * The classic BPF program for a way of steering. If the result is not a member, the kernel falls back to its hash. With
 * `random` a retransmitted SYN draws again, so a client that met a full member gets another chance.
 */
export function steeringProgram(steering: Exclude<Steering, { by: 'hash' }>): Buffer {
  switch (steering.by) {
    case 'cpu':
      return program([LOAD_ABSOLUTE, CURRENT_CPU], [RETURN_A, 0])
    case 'random':
      return program([LOAD_ABSOLUTE, RANDOM], [MODULO, steering.members], [RETURN_A, 0])
    case 'member':
      return program([RETURN_CONSTANT, steering.member])
  }
}

/** Steers the whole group that a listening socket belongs to; `hash` gives the choice back to the kernel. */
export function steer(fd: number, steering: Steering): void {
  if (steering.by !== 'hash') {
    libc.attachReuseportProgram(fd, steeringProgram(steering), 'Steering a SO_REUSEPORT group')
    return
  }
  try {
    libc.setIntOption(
      fd,
      libc.SOL_SOCKET,
      libc.SO_DETACH_REUSEPORT_BPF,
      0,
      'Ending the steering of a SO_REUSEPORT group',
    )
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error // ENOENT: there was no program
  }
}
