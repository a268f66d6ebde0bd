import os from 'node:os'

/**
 * The only error of this room: a kernel call that failed, or an answer from the kernel that makes no sense.
 * It says what failed, while doing what, and what the reader can do about it.
 */
export class KernelError extends Error {
  override readonly name = 'KernelError'
  /** The system call or file that failed, e.g. `listen`. */
  readonly call: string
  /** The errno name, e.g. `EADDRINUSE`; `EBADMSG` when the kernel's own answer could not be read. */
  readonly code: string
  /** What the program was doing, in words. */
  readonly doing: string
  /** What the reader can do, or undefined where nothing useful is known. */
  readonly remedy: string | undefined

  constructor(call: string, code: string, doing: string, remedy: string | undefined = adviceFor(call, code)) {
    super(`${doing}: ${call} failed with ${code}${remedy === undefined ? '' : `. ${remedy}`}`)
    this.call = call
    this.code = code
    this.doing = doing
    this.remedy = remedy
  }
}

/** What a person can do about a failed call; the most specific key wins. */
const advice: Record<string, string> = {
  'bind EADDRINUSE':
    'Another socket holds the port: `ss -Hltnp` names it. To share a port, every socket on it must set SO_REUSEPORT before bind() and belong to the same user',
  'listen EADDRINUSE':
    'Another socket listens there without SO_REUSEPORT, or belongs to another user: `ss -Hltnp` names it',
  'bind EACCES': 'Ports below net.ipv4.ip_unprivileged_port_start need CAP_NET_BIND_SERVICE: use a higher port',
  'setns EPERM': "Entering another network namespace needs CAP_SYS_ADMIN in it and in the caller's own user namespace",
  'unshare EPERM': 'New namespaces need CAP_SYS_ADMIN: run inside `unshare --user --map-root-user`, or as root',
  'unshare ENOSPC': 'The limit on namespaces is reached: raise sysctl user.max_net_namespaces',
  'pidfd_send_signal EPERM': 'The process belongs to another user: signal it as that user, or as root',
  'socket EPERM': 'A raw socket needs CAP_NET_RAW in this network namespace',
  'socket EPROTONOSUPPORT': 'The kernel lacks this protocol: load the module (modprobe inet_diag tcp_diag)',
  'sock_diag ENOENT':
    'The kernel lacks diagnostics for such sockets: load the modules (modprobe inet_diag tcp_diag udp_diag unix_diag)',
  'setsockopt ENOPROTOOPT': 'This kernel does not know the option: it is too old, or was built without it',
  'bpf EPERM':
    'Loading BPF programs needs CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN, outside of any user namespace; some hosts forbid it to all',
  EMFILE: 'This process has reached its limit on open files: raise it (ulimit -n)',
  ENFILE: 'The host has reached its limit on open files: raise sysctl fs.file-max',
  EPERM: 'The process lacks the capability for this call',
}

function adviceFor(call: string, code: string): string | undefined {
  return advice[`${call} ${code}`] ?? advice[code]
}

/** EWOULDBLOCK is EAGAIN's second name and would hide it. */
const errnoNames = new Map(
  Object.entries(os.constants.errno)
    .filter(([name]) => name !== 'EWOULDBLOCK')
    .map(([name, errno]) => [errno, name]),
)

/** The name of an error number, e.g. `EAGAIN` for 11. */
export const errnoName = (errno: number): string => errnoNames.get(errno) ?? `errno ${errno}`
