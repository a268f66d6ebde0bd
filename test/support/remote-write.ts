/** Writes samples of the past into a Prometheus, by its remote write protocol 1.0: protobuf in Snappy's frame of one block. */

export interface Written {
  labels: Record<string, string>
  samples: { atSeconds: number; value: number }[]
}

/** Throws what the Prometheus says of samples that it does not take. */
export async function writeSamples(url: string, series: readonly Written[]): Promise<void> {
  const request = Buffer.concat(series.map((one) => field(1, timeSeries(one))))
  const response = await fetch(`${url}/api/v1/write`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': '0.1.0',
    },
    body: new Uint8Array(uncompressed(request)),
  })
  if (!response.ok) throw new Error(await response.text())
}

function timeSeries({ labels, samples }: Written): Buffer {
  const sorted = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Buffer.concat([
    ...sorted.map(([name, value]) =>
      field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(value))])),
    ),
    ...samples.map(({ atSeconds, value }) => {
      const double = Buffer.alloc(9)
      double[0] = (1 << 3) | 1
      double.writeDoubleLE(value, 1)
      return field(2, Buffer.concat([double, Buffer.of(2 << 3), varint(BigInt(Math.round(atSeconds * 1000)))]))
    }),
  ])
}

const field = (number: number, bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.of((number << 3) | 2), varint(BigInt(bytes.length)), bytes])

function varint(value: bigint): Buffer {
  const bytes: number[] = []
  let left = value
  for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n) | 128)
  return Buffer.of(...bytes, Number(left))
}

/** Snappy's block format with literals only: google/snappy, format_description.txt. */
function uncompressed(bytes: Buffer): Buffer {
  const parts = [varint(BigInt(bytes.length))]
  for (let at = 0; at < bytes.length; at += 65_536) {
    const literal = bytes.subarray(at, at + 65_536)
    const head = Buffer.alloc(3)
    head[0] = 61 << 2
    head.writeUInt16LE(literal.length - 1, 1)
    parts.push(head, literal)
  }
  return Buffer.concat(parts)
}
