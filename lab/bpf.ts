/** For rooms that do not see the kernel. */
export { whyNoBpf } from '#kernel/bpf/listeners.ts'
