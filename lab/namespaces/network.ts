/** Builds the lab's network: two namespaces, a veth pair between them, addresses and the route for half-open clients. */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { UsageError } from '#common/errors.ts'
import { reasonOf } from '#common/system-errors.ts'
import { enterNewNamespace, NetworkNamespace } from '#kernel/netns.ts'
import { writeSysctl } from '#kernel/sysctl.ts'
import { client, type Host, halfOpenSources, hostPrefix, hostPrefix6, server } from '../topology.ts'

/**
 * Buckets of each namespace's own table of connections. The kernel walks all of them to find half-open requests, so a
 * table of the host's size (262,144 here) would cost 20 times as much. Kernels before 6.1 have no such setting.
 */
const EHASH_ENTRIES = 16_384

/** What a small table would lower on the side, put back to what a host of some memory has. */
const derived = { 'net.ipv4.tcp_max_syn_backlog': 2048, 'net.ipv4.tcp_max_tw_buckets': 131_072 }

/** New namespaces begin with the host's answer here; a lab's hosts never forward, or half-open requests would be answered. */
const fixed = { 'net.ipv4.ip_forward': 0 }

/** Makes both hosts and leaves the calling thread in the server's. Needs CAP_NET_ADMIN and CAP_SYS_ADMIN. */
export function buildNetwork(): Record<Host, NetworkNamespace> {
  const outside = new NetworkNamespace()
  try {
    writeSysctl('net.ipv4.tcp_child_ehash_entries', EHASH_ENTRIES)
  } catch {
    // Linux before 6.1: the walk costs more, and the lab works all the same
  }
  const clientHost = enterNewNamespace()
  set(fixed)
  outside.enter()
  const serverHost = enterNewNamespace()
  outside.close()
  set({ ...fixed, ...derived })
  ip([
    'link set lo up',
    `link add ${server.device} type veth peer name ${client.device} netns /proc/${process.pid}/fd/${clientHost.fd}`,
    `address add ${server.address}/${hostPrefix} dev ${server.device}`,
    `link set ${server.device} up`,
    ...ipv6(server),
    `route add ${halfOpenSources} via ${client.address}`,
  ])
  clientHost.run(() =>
    ip([
      'link set lo up',
      `address add ${client.address}/${hostPrefix} dev ${client.device}`,
      `link set ${client.device} up`,
      ...ipv6(client),
    ]),
  )
  return { server: serverHost, client: clientHost }
}

/** IPv6 addresses where the kernel has IPv6. `nodad`: no second of waiting for a duplicate that cannot be. */
const ipv6 = (host: { address6: string; device: string }): string[] =>
  fs.existsSync('/proc/sys/net/ipv6') ? [`address add ${host.address6}/${hostPrefix6} dev ${host.device} nodad`] : []

function set(sysctls: Record<string, number>): void {
  for (const [name, value] of Object.entries(sysctls)) writeSysctl(name, value)
}

function ip(commands: string[]): void {
  const { status, stderr, error } = spawnSync('ip', ['-batch', '-'], { input: commands.join('\n'), encoding: 'utf8' })
  if (error !== undefined)
    throw new UsageError(
      `Cannot run ip: ${reasonOf(error) ?? 'for an unknown reason'}`,
      'Install iproute2 (apt install iproute2)',
    )
  if (status !== 0) throw new UsageError(`Building the lab's network failed: ${stderr.trim()}`)
}
