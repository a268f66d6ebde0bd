const BACKSLASH = 0x5c
/** What may break a line, a table or a terminal: control characters, and what looks like nothing or turns the text around. */
const UNPRINTABLE = /[\p{C}\p{Z}]/u

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The name of a UNIX socket as text, one for each name: a path as it was given to bind() (it may be relative), an abstract
 * name with `@` in front, the empty text for none. A backslash is doubled, and bytes that are not printable UTF-8 are
 * written as `\x0a`; a path that begins with `@` begins with `\x40`.
 */
export function unixName(bytes: Buffer, from: number, to: number): string {
  if (to <= from) return ''
  if (bytes[from] === 0) return `@${printable(bytes, from + 1, to)}`
  const nul = bytes.subarray(from, to).indexOf(0)
  const end = nul < 0 ? to : from + nul
  return bytes[from] === 0x40 ? `\\x40${printable(bytes, from + 1, end)}` : printable(bytes, from, end)
}

function printable(bytes: Buffer, from: number, to: number): string {
  let text = ''
  for (let at = from; at < to; ) {
    const character = characterAt(bytes, at, to)
    const length = character === undefined ? 1 : Buffer.byteLength(character)
    if (bytes[at] === BACKSLASH) text += '\\\\'
    else if (character !== undefined && (character === ' ' || !UNPRINTABLE.test(character))) text += character
    else for (const byte of bytes.subarray(at, at + length)) text += `\\x${byte.toString(16).padStart(2, '0')}`
    at += length
  }
  return text
}

/** The character that begins here; undefined if none does, or it is cut off. */
function characterAt(bytes: Buffer, at: number, to: number): string | undefined {
  const first = bytes[at]!
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
  if (at + length > to) return undefined
  try {
    return decoder.decode(bytes.subarray(at, at + length))
  } catch {
    return undefined // not UTF-8
  }
}
