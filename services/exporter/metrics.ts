import { metricsParts, type RenderedRows, type TextFormat } from '#common/metrics-text.ts'
import { type Held, metrics } from './catalogue.ts'
import { Page } from './http/page.ts'

export { contentTypes, RenderedRows } from '#common/metrics-text.ts'

/** What /metrics serves: every metric of the catalogue with what `held` gives. `rendered` is of the page before. */
export async function pageOf(held: Held, format: TextFormat, rendered: RenderedRows): Promise<Page> {
  const parts: Buffer[] = []
  const families = metrics.map(({ name, help, type, read }) => ({ name, help, type, values: read(held) }))
  // As bytes, piece by piece: a text of this length would be encoded again for each reader.
  for await (const part of metricsParts(families, format, rendered)) parts.push(Buffer.from(part))
  return new Page(Buffer.concat(parts))
}
