/**
 * A socket that is not served: `idle-socket.ts unix NAME BACKLOG` listens on an abstract UNIX name, and
 * `idle-socket.ts udp ADDRESS PORT BYTES` binds a UDP socket with that receive buffer. Prints `ready`; a process of its own holds the
 * socket. `idle-socket.ts take NAME` (or PORT) has it take everything that waits, and prints how much that was.
 */
import { fork } from 'node:child_process'
import net from 'node:net'
import { describeError } from '#common/errors.ts'
import { socketAddress, unixAddress } from '#kernel/address.ts'
import * as libc from '#kernel/libc.ts'

const [kind = '', name = '', ...rest] = process.argv.slice(2)
const doing = 'Opening a socket'

/** Where the process that holds a socket is asked, by the last word that names the socket. */
const control = (of: string): string => `\0spillway-idle-socket-${of}`

interface IdleSocket {
  /** Takes one connection or datagram; false if none waits. */
  take(): boolean
}

function listening(backlog: number): IdleSocket {
  const fd = libc.socket(libc.AF_UNIX, libc.SOCK_STREAM | libc.SOCK_CLOEXEC | libc.SOCK_NONBLOCK, 0, doing)
  libc.bind(fd, unixAddress(Buffer.from(`\0${name}`)), doing)
  libc.listen(fd, backlog, doing)
  return {
    take() {
      const connection = libc.acceptIfAny(fd, 'Accepting a connection')
      if (connection !== undefined) libc.close(connection)
      return connection !== undefined
    },
  }
}

function bound(port: number, receiveBytes: number): IdleSocket {
  const fd = libc.socket(libc.AF_INET, libc.SOCK_DGRAM | libc.SOCK_CLOEXEC, 0, doing)
  libc.setIntOption(fd, libc.SOL_SOCKET, libc.SO_RCVBUF, receiveBytes, doing)
  libc.bind(fd, socketAddress(name, port), doing)
  const datagram = Buffer.alloc(2048)
  return { take: () => libc.recvIfAny(fd, datagram, 'Receiving a datagram') !== undefined }
}

/** Holds the socket, and answers who asks for what waits there. */
function hold(tell: (answer: string) => void): void {
  try {
    const [first = '', second = ''] = rest
    const socket = kind === 'unix' ? listening(Number(first)) : bound(Number(first), Number(second))
    const server = net.createServer((asking) => {
      let taken = 0
      while (socket.take()) taken++
      asking.end(String(taken))
    })
    server.listen(control(kind === 'unix' ? name : first), () => tell('ready'))
  } catch (error) {
    tell(describeError(error))
    process.exitCode = 1
  }
}

if (kind === 'take') {
  net.connect(control(name)).pipe(process.stdout)
} else if (process.send === undefined) {
  // The caller waits for this process to end, so a separate process holds the socket.
  const keeper = fork(import.meta.filename, process.argv.slice(2), { detached: true, stdio: 'ignore' })
  keeper.once('message', (answer) => {
    if (answer !== 'ready') console.error(answer)
    else console.log(answer)
    process.exit(answer === 'ready' ? 0 : 1)
  })
  keeper.once('exit', () => process.exit(1))
} else {
  hold((answer) => process.send?.(answer))
}
