/** What the system refuses, in words: the one place where the error numbers of Linux become sentences. */

/** Why, and what a person can do about it, by the name of the error number; some are of the name service. */
const reasons: Record<string, readonly [why: string, remedy: string]> = {
  E2BIG: ['its command line is too long', 'Use fewer or shorter arguments'],
  EACCES: ['permission is denied', 'Run as a user that has permission, or name another place'],
  EADDRINUSE: [
    'another process is using it',
    'Choose another address, or stop the other process: `ss -Hltnp` names it',
  ],
  EADDRNOTAVAIL: ['no interface of this machine has that address', '`ip address` lists the addresses there are'],
  EAFNOSUPPORT: ['this machine does not support addresses of that kind', 'Use an IPv4 address'],
  EAGAIN: ['the system is out of resources for it at the moment', 'Try again, or raise the limits (ulimit -a)'],
  EAI_AGAIN: ['the name service does not answer', 'Use an IP address such as 127.0.0.1, or try again'],
  EBADF: ['it is not open', 'Open it, or name another'],
  EBUSY: ['it is in use', 'Stop whatever uses it'],
  ECONNABORTED: ['the other side closed the connection', 'Check that the service there is still running'],
  ECONNREFUSED: ['nothing listens there', 'Start the service, or correct the address'],
  ECONNRESET: ['the other side closed the connection', 'Check that the service there is still running'],
  EDQUOT: ["the user's disk quota is used up", 'Free some space, or name another place'],
  EEXIST: ['something with that name already exists', 'Remove it, or choose another name'],
  EFBIG: ['it would become too large', 'Raise the limit (ulimit -f), or name another place'],
  EHOSTUNREACH: ['there is no route to that host', 'Correct the address; `ip route` shows the routes'],
  EINVAL: ['the system does not accept it', 'Choose another one'],
  EIO: ['the device failed', 'Try again; `dmesg` says what the kernel saw'],
  EISDIR: ['it is a folder', 'Name a file'],
  ELOOP: ['its symbolic links form a loop', 'Name the file itself'],
  EMFILE: ['this process cannot open any more files', 'Raise its limit: ulimit -n'],
  ENAMETOOLONG: ['its name is too long', 'Choose a shorter one'],
  ENETUNREACH: ['there is no route to that network', 'Correct the address; `ip route` shows the routes'],
  ENFILE: ['this machine cannot open any more files', 'Raise sysctl fs.file-max'],
  ENODEV: ['there is no such device', 'Name another place'],
  ENOENT: ['it does not exist', 'Check the spelling'],
  ENOEXEC: ['it is not a program for this machine', 'Name another program'],
  ENOMEM: ['there is not enough memory', 'Close other programs'],
  ENOSPC: ['no space is left', 'Free some space, or name another place'],
  ENOTDIR: ['part of its path is a file, not a folder', 'Name another place'],
  ENOTEMPTY: ['the folder is not empty', 'Empty it, or name another place'],
  ENOTFOUND: ['no host of that name is known', 'Correct the name, or use an IP address such as 127.0.0.1'],
  ENOTSOCK: ['it is not a socket', 'Choose another path'],
  ENXIO: ['nothing has its other end open', 'Name another place'],
  EPERM: ['it is not allowed', 'Run as a user that has permission, or as root'],
  EPIPE: ['the other side has closed', 'Start it again'],
  EPROTO: ['the other side speaks another protocol', 'Correct the address'],
  EROFS: ['the file system is read-only', 'Name another place'],
  ESRCH: ['there is no such process', 'Name another process'],
  ETIMEDOUT: ['there was no answer in time', 'Correct the address, or try again'],
  ETXTBSY: ['the program is being written', 'Try again'],
}

const doing: Record<string, string> = {
  access: 'use',
  bind: 'listen on',
  close: 'close',
  connect: 'reach',
  copyfile: 'copy',
  fsync: 'write',
  getaddrinfo: 'find the host',
  kill: 'signal a process',
  listen: 'listen on',
  lstat: 'look at',
  mkdir: 'make the folder',
  mkdtemp: 'make the folder',
  open: 'open',
  opendir: 'read the folder',
  read: 'read',
  readlink: 'read the link',
  rename: 'rename',
  rm: 'remove',
  rmdir: 'remove the folder',
  scandir: 'read the folder',
  stat: 'look at',
  unlink: 'remove',
  uv_cwd: 'find the current folder',
  write: 'write',
}

/** Why the system refused, as half a sentence such as `permission is denied`; undefined if it was not the system. */
export function reasonOf(error: unknown): string | undefined {
  const code = codeOf(error)
  return code === undefined ? undefined : (reasons[code]?.[0] ?? `the system refuses it (${code})`)
}

/** What a refusal of the system, or a wait that was cut off, means to a person; undefined for errors of another kind. */
export function inWords(error: unknown): { sentence: string; remedy: string } | undefined {
  const root = rootOf(error)
  if (!(root instanceof Error)) return undefined
  if (root.name === 'TimeoutError')
    return { sentence: 'It took too long and was abandoned', remedy: 'Try again when this machine is less busy' }
  if (root.name === 'AbortError') return { sentence: 'It was interrupted', remedy: 'Start it again' }
  const code = codeOf(root)
  if (code === undefined) return undefined
  const [, remedy] = reasons[code] ?? ['', 'Check the command and its options; `man errno` explains the name']
  return { sentence: `Cannot ${whatFailed(root)}: ${reasonOf(root)}`, remedy }
}

/** The name of the error number; undefined for what is not an error of the system. */
export function codeOf(error: unknown): string | undefined {
  const code = field(rootOf(error), 'code')
  // Node's own errors have codes too: ERR_INVALID_ARG_TYPE.
  return typeof code === 'string' && /^E[A-Z0-9_]+$/.test(code) && !code.startsWith('ERR_') ? code : undefined
}

/** Codes of OpenSSL and Node for a certificate that does not hold: CERT_HAS_EXPIRED, DEPTH_ZERO_SELF_SIGNED_CERT, … */
const certificateFault = /CERT|LEAF_SIGNATURE|HOSTNAME_MISMATCH/

/** Why no TLS connection came about, as half a sentence; undefined if TLS was not the reason. */
export function tlsReasonOf(error: unknown): string | undefined {
  const code = String(field(rootOf(error), 'code') ?? '')
  if (certificateFault.test(code))
    return 'its certificate is not trusted here (NODE_EXTRA_CA_CERTS can name a file with the certificate of its authority)'
  return code.startsWith('ERR_SSL_') || code === 'EPROTO' ? 'the server there does not speak HTTPS' : undefined
}

/** What failed first: fetch hides it as a cause, and a connection to a name with several addresses in a list. */
function rootOf(error: unknown): unknown {
  if (error instanceof AggregateError && error.errors.length > 0) return rootOf(error.errors[0])
  if (error instanceof Error && error.cause instanceof Error) return rootOf(error.cause)
  return error
}

function whatFailed(error: Error): string {
  const call = String(field(error, 'syscall') ?? '')
  const [name = '', program] = call.split(' ')
  if (name === 'spawn') return `start ${program ?? 'a program'}`
  const port = field(error, 'port')
  const where =
    field(error, 'path') ??
    field(error, 'hostname') ??
    joined(field(error, 'address'), port) ??
    (port ? `port ${port}` : '')
  return `${doing[name] ?? (name === '' ? 'do this' : name)}${where === '' ? '' : ` ${where}`}`
}

const joined = (address: unknown, port: unknown): string | undefined =>
  address === undefined ? undefined : port === undefined || port === -1 ? String(address) : `${address}:${port}`

const field = (error: unknown, name: string): unknown =>
  typeof error === 'object' && error !== null && name in error ? Reflect.get(error, name) : undefined
