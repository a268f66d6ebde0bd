/** Where the kernel that this process runs on goes by other rules than a new one. */
import fs from 'node:fs'
import { type ClientRules, defaultClient } from '#planner/system.ts'
import { sysctlFile } from './namespaces/unsettable.ts'

const LINEAR = 'net.ipv4.tcp_syn_linear_timeouts'

/** By what is in /proc/sys: without a network of its own to look at, a kernel is taken for a new one. */
const isWithoutLinearTimeouts = (): boolean =>
  fs.existsSync(sysctlFile('net.ipv4.tcp_syn_retries')) && !fs.existsSync(sysctlFile(LINEAR))

/**
 * What clients on this kernel do unless they are set to do otherwise: before Linux 6.5 each wait for a SYN-ACK is twice the one
 * before (docs/kernel-facts.md#syn-retransmissions).
 */
export const clientsHere = (old = isWithoutLinearTimeouts()): ClientRules => ({
  ...defaultClient,
  ...(old && { synLinearTimeouts: 0 }),
})
