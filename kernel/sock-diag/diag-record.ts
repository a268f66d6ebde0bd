import { ATTRIBUTE_HEADER_BYTES } from './layout.ts'

const EMPTY = Buffer.alloc(0)

/**
 * A record of a dump, read in place: a fixed part, then attributes. There is one such object per walk, moved from record to
 * record: take what you need out of it before returning, and keep no reference to it.
 */
export abstract class DiagRecord {
  protected bytes: Buffer = EMPTY
  /** The same bytes: V8 reads a number from a DataView in one instruction, and from a Buffer byte by byte. */
  protected view: DataView = new DataView(EMPTY.buffer, EMPTY.byteOffset, EMPTY.byteLength)

  /** Takes these bytes as the ones in which records lie, and gives a view of them. */
  viewOf(bytes: Buffer): DataView {
    if (bytes !== this.bytes) {
      this.bytes = bytes
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    }
    return this.view
  }

  /** Points this object at the record in `bytes[at, end)`. False if what lies there cannot be a record. */
  abstract moveTo(at: number, end: number): boolean

  /** Takes an attribute: where its payload begins, and how long it is. */
  protected abstract attribute(type: number, payload: number, payloadBytes: number): void

  /** Shows the attributes in `bytes[first, end)` to `attribute`. False if what lies there cannot be attributes. */
  protected attributes(first: number, end: number): boolean {
    let next = first
    while (next + ATTRIBUTE_HEADER_BYTES <= end) {
      const header = this.view.getUint32(next, true) // u16 length, u16 type
      const length = header & 0xffff
      if (length < ATTRIBUTE_HEADER_BYTES || next + length > end) return false
      this.attribute(header >>> 16, next + ATTRIBUTE_HEADER_BYTES, length - ATTRIBUTE_HEADER_BYTES)
      next += (length + 3) & ~3
    }
    return true
  }
}
