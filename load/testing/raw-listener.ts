import fs from 'node:fs'
import { socketAddress } from '#kernel/address.ts'
import * as libc from '#kernel/libc.ts'
import { LISTEN, PreparedDump, SockDiag, states } from '#kernel/sock-diag.ts'

/** A listening socket from which nothing is accepted. */
export interface RawListener extends Disposable {
  fd: number
  port: number
}

/** Listens on a free port of this address, in the calling thread's namespace. */
export function rawListener(address: string, backlog: number): RawListener {
  const fd = libc.socket(libc.AF_INET, libc.SOCK_STREAM | libc.SOCK_CLOEXEC, 0, 'Opening a listener')
  libc.bind(fd, socketAddress(address, 0), 'Binding a listener')
  libc.listen(fd, backlog, 'Listening')
  const inode = fs.fstatSync(fd).ino
  let port = 0
  using diagnosis = new SockDiag()
  diagnosis.dump(new PreparedDump({ family: libc.AF_INET, states: states.listen }), (socket) => {
    if (socket.state === LISTEN && socket.inode === inode) port = socket.port
  })
  return { fd, port, [Symbol.dispose]: () => libc.close(fd) }
}
