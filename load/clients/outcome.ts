import type { Outcome } from '../progress.ts'

const advice: Record<string, string> = {
  EMFILE: 'this process may open no more files: raise its limit (ulimit -n)',
  ENFILE: 'the host may open no more files: raise sysctl fs.file-max',
  ENETUNREACH: 'there is no route to the target',
  EHOSTUNREACH: 'the target does not answer ARP, or a router rejects it',
}

/** What an error of a socket means for the connection, and in words where it is none of the kinds that have a name. */
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
