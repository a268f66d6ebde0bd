import { execFileSync } from 'node:child_process'
import { enterNewNamespace, NetworkNamespace } from '#kernel/netns.ts'
import { writeSysctl } from '#kernel/sysctl.ts'

export const SERVER_ADDRESS = '198.18.0.2'

/**
 * Makes the calling thread's namespace a lab's client and a new one its server, joined by a veth pair, with the route
 * back to the source addresses of half-open clients. The thread stays in the client's.
 */
export function makeLabNetwork(): { client: NetworkNamespace; server: NetworkNamespace } {
  const client = new NetworkNamespace()
  const server = enterNewNamespace()
  client.enter()
  ip('link set lo up')
  ip(`link add veth0 type veth peer name veth1 netns /proc/${process.pid}/fd/${server.fd}`)
  ip('address add 198.18.0.3/24 dev veth0')
  ip('link set veth0 up')
  // A new namespace takes this over from the host. Forwarding, the client would answer SYN-ACKs with ICMP.
  writeSysctl('net.ipv4.ip_forward', 0)
  server.run(() => {
    ip('link set lo up')
    ip(`address add ${SERVER_ADDRESS}/24 dev veth1`)
    ip('link set veth1 up')
    ip('route add 198.19.0.0/16 via 198.18.0.3')
  })
  return { client, server }
}

/** Runs `ip` in the calling thread's namespace. */
export function ip(words: string): void {
  execFileSync('ip', words.split(' '))
}
