import type { Outcome } from '../progress.ts'

const advice: Record<string, string> = {
  EMFILE: 'this process has reached its limit on open files: raise it (ulimit -n)',
  ENFILE: 'the host has reached its limit on open files: raise sysctl fs.file-max',
  ENETUNREACH: 'there is no route to the target',
  EHOSTUNREACH: 'the target does not answer ARP, or a router rejects it',
}

/** What a socket error means for the connection; in words if it is not one of the named outcomes. */
export function outcomeOfError(
  error: NodeJS.ErrnoException,
  connected: boolean,
): { outcome: Outcome; failure?: string } {
  switch (error.code) {
    case 'ECONNREFUSED':
      return { outcome: 'refused' }
    case 'ECONNRESET':
    case 'EPIPE':
      if (connected) return { outcome: 'reset' }
      break
    case 'ETIMEDOUT':
      return { outcome: 'timedOut' }
    case 'EADDRNOTAVAIL':
      return { outcome: 'noPortLeft' }
  }
  // Without addresses, so that a thousand failures of one kind count as one kind.
  const what = error.code === undefined ? error.message : `${error.syscall ?? 'socket'} ${error.code}`
  const remedy = advice[error.code ?? '']
  return { outcome: 'failed', failure: remedy === undefined ? what : `${what}: ${remedy}` }
}
