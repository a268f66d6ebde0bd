/**
 * Captures TCP segments that no socket of this host would receive, e.g. answers to an address that no host has: a packet
 * socket sees them before the kernel looks for their owner. Needs CAP_NET_RAW in the network namespace.
 */
import { addressBytes } from './address.ts'
import { program } from './classic-bpf.ts'
import * as libc from './libc.ts'

/** Which segments to capture: those that this address and port send to this port of any address. IPv4. */
export interface TapFilter {
  from: { address: string; port: number }
  toPort: number
}

const ETHERTYPE_IPV4 = 0x0800
const PROTOCOL_TCP = 6
/** One packet at most: IPv4 cannot say more. */
const LARGEST_PACKET_BYTES = 65_535
const doing = 'Capturing TCP segments'

const LOAD_WORD = 0x20
const LOAD_BYTE = 0x30
const IF_EQUAL = 0x15
const RETURN = 0x06
/** IPv4, and a header without options, as Linux sends it: then the ports are where they always are. */
const PLAIN_HEADER = 0x45

/** The filter as classic BPF over a packet that begins with its IPv4 header: gives the whole packet, or nothing. */
function tapProgram({ from, toPort }: TapFilter): Buffer {
  return program(
    [LOAD_BYTE, 0],
    [IF_EQUAL, PLAIN_HEADER, 0, 7],
    [LOAD_BYTE, 9],
    [IF_EQUAL, PROTOCOL_TCP, 0, 5],
    [LOAD_WORD, 12],
    [IF_EQUAL, addressBytes(from.address).readUInt32BE(0), 0, 3],
    [LOAD_WORD, 20],
    [IF_EQUAL, from.port * 0x1_0000 + toPort, 0, 1],
    [RETURN, LARGEST_PACKET_BYTES],
    [RETURN, 0],
  )
}

export class SegmentTap implements Disposable {
  readonly #fd: number
  readonly #packet = Buffer.alloc(LARGEST_PACKET_BYTES)
  #open = true

  /** Starts capturing in the calling thread's network namespace. Throws a KernelError. */
  constructor(filter: TapFilter) {
    // Without a protocol the socket receives nothing, so nothing arrives before the filter is attached.
    this.#fd = libc.socket(libc.AF_PACKET, libc.SOCK_DGRAM | libc.SOCK_CLOEXEC, 0, doing)
    try {
      libc.attachFilter(this.#fd, tapProgram(filter), doing)
      libc.bind(this.#fd, everyDevice(ETHERTYPE_IPV4), doing)
    } catch (error) {
      this.close()
      throw error
    }
  }

  /**
   * The next packet, from its IPv4 header on; undefined if none is there. Never waits. The bytes are valid until the
   * next call. Checksums may be missing: between namespaces the kernel leaves them to a device that does not exist.
   */
  next(): Buffer | undefined {
    const length = libc.recvIfAny(this.#fd, this.#packet, doing)
    return length === undefined ? undefined : this.#packet.subarray(0, length)
  }

  close(): void {
    if (this.#open) libc.close(this.#fd)
    this.#open = false
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** A `struct sockaddr_ll` that names no device. */
function everyDevice(ethertype: number): Buffer {
  const address = Buffer.alloc(20)
  address.writeUInt16LE(libc.AF_PACKET, 0)
  address.writeUInt16BE(ethertype, 2)
  return address
}
