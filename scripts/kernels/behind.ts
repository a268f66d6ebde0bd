/** Why kernels differ: the change in the kernel that is behind what one of them has said or shown. */

interface Behind {
  /** What a kernel said, or what an experiment saw there. */
  said: RegExp
  /** Since which version, and by which commit where it was looked up in the kernel's history. */
  because: string
}

const commit = (hash: string, title: string): string =>
  `[${hash}](https://git.kernel.org/torvalds/c/${hash}) (“${title}”)`

const changes: readonly Behind[] = [
  {
    said: /unknown func bpf_get_socket_cookie/,
    because: `tracing programs may ask for a socket's cookie since 5.12: ${commit('c5dbb89fc2ac', 'bpf: Expose bpf_get_socket_cookie to tracing programs')}`,
  },
  {
    said: /has no tracepoint sk_data_ready/,
    because: `the tracepoint is there since 6.3: ${commit('40e0b0908142', 'net/sock: Introduce trace_sk_data_ready()')}`,
  },
  {
    said: /tracepoint kmem_cache_free with 3 arguments/,
    because: `it names the slab cache since 5.12: ${commit('3544de8ee6e4', 'mm, tracing: record slab name for kmem_cache_free()')}`,
  },
  {
    said: /net\.ipv4\.tcp_migrate_req without what it does/,
    because: `connections migrate since 5.14; 5.10.187 got the setting alone: ${commit('f9ac779f881c', 'net: Introduce net.ipv4.tcp_migrate_req.')}`,
  },
  {
    said: /has no function bpf_rdonly_cast/,
    because: `it is there since 6.2: ${commit('a35b9af4ec2c', 'bpf: Add a kfunc for generic type cast')}`,
  },
  {
    said: /tracepoint kfree_skb with 4 arguments/,
    because: `it names the listener since 6.11: ${commit('c53795d48ee8', 'net: add rx_sk to trace_kfree_skb')}`,
  },
  {
    said: /has no drop reason TCP_LISTEN_OVERFLOW/,
    because: `the reason is there since 6.15: ${commit('a11a791ca81e', 'tcp: add four drop reasons to tcp_check_req()')}`,
  },
  {
    said: /client connects on each step|has no sysctl net\.ipv4\.tcp_syn_linear_timeouts/,
    because: `the first timeouts are linear since 6.5: ${commit('ccce324dabfe', 'tcp: make the first N SYN RTO backoffs linear')}`,
  },
  {
    said: /many connections at one request needs Linux 5\.19/,
    because: `it is there since 5.19: ${commit('4e86a2c98013', 'io_uring: implement multishot mode for accept')}`,
  },
  {
    said: /(?:cc|nginx) is not installed/,
    because: 'the emulated machine has neither a compiler nor servers, whatever its kernel',
  },
  {
    said: /has no MPTCP/,
    because: 'the kernel was built without it',
  },
]

/** The changes behind what a kernel has said, each once, in the order of the kernel's history as it stands above. */
export const behind = (says: readonly string[]): string[] =>
  changes.filter(({ said }) => says.some((words) => said.test(words))).map(({ because }) => because)
