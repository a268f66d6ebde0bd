import { UsageError } from '#common/errors.ts'
import { formatListen } from '#common/parse.ts'
import type { Mode } from './api.ts'
import type { CallError } from './calls.ts'

/** What a person can do about a shared port that could not be opened. */
export function listenFailure(
  error: CallError,
  { host, port, mode }: { host: string; port: number; mode: Mode },
): Error {
  const where = formatListen({ host, port })
  switch (error.code) {
    case 'EADDRINUSE':
      return mode === 'sharded'
        ? new UsageError(
            `${where} is taken by another socket without SO_REUSEPORT, or by one of another user`,
            '`ss -Hltnpe` names it. To share a port, every socket on it must set SO_REUSEPORT and belong to the same user',
          )
        : new UsageError(
            `${where} is taken by another socket, and in mode ${mode} the port is not shared with others`,
            '`ss -Hltnp` names its process. End that process, use another port, or use mode sharded on both sides',
          )
    case 'EADDRNOTAVAIL':
      return new UsageError(`No interface has the address ${host}`, '`ip address` lists the addresses that exist')
    case 'EACCES':
      return new UsageError(`Port ${port} needs CAP_NET_BIND_SERVICE`, 'Use a port from 1024 up')
    default:
      return new UsageError(`Cannot listen on ${where}: ${error.message}`)
  }
}
