import type { TextFormat } from '#common/metrics-text.ts'

/** One element of an Accept header (RFC 9110, 12.5.1). */
interface Wish {
  type: string
  subtype: string
  parameters: ReadonlyMap<string, string>
  quality: number
}

/**
 * The format that an Accept header asks for: OpenMetrics where it is named, in a version and charset that we write, and
 * wanted at least as much as the classic text. Prometheus 2 and 3 name both, with q-values. A header that is absent, makes
 * no sense or takes anything gets the classic text, which everybody can read.
 */
export function formatFor(accept: string | undefined): TextFormat {
  const wishes = (accept ?? '').split(',').flatMap(wishOf)
  const openMetrics = best(wishes.filter(isOpenMetrics)) ?? 0
  // The most precise of what matches decides (RFC 9110, 12.5.1).
  const classic =
    best(wishes.filter(isClassic)) ?? best(wishes.filter(isAnyText)) ?? best(wishes.filter(isAnything)) ?? 0
  return openMetrics > 0 && openMetrics >= classic ? 'openmetrics' : 'prometheus'
}

const best = (wishes: Wish[]): number | undefined =>
  wishes.length === 0 ? undefined : Math.max(...wishes.map(({ quality }) => quality))

const isOpenMetrics = ({ type, subtype, parameters }: Wish): boolean =>
  type === 'application' &&
  subtype === 'openmetrics-text' &&
  ['1.0.0', undefined].includes(parameters.get('version')) &&
  ['utf-8', undefined].includes(parameters.get('charset')?.toLowerCase())

const isClassic = ({ type, subtype, parameters }: Wish): boolean =>
  type === 'text' && subtype === 'plain' && ['0.0.4', undefined].includes(parameters.get('version'))

const isAnyText = ({ type, subtype }: Wish): boolean => type === 'text' && subtype === '*'
const isAnything = ({ type, subtype }: Wish): boolean => type === '*' && subtype === '*'

function wishOf(element: string): Wish[] {
  const [media = '', ...rest] = element.split(';').map((part) => part.trim())
  const [, type, subtype] = /^([\w!#$&^.+*-]+)\/([\w!#$&^.+*-]+)$/.exec(media) ?? []
  if (type === undefined || subtype === undefined) return []
  const parameters = new Map(rest.flatMap(parameterOf))
  const q = parameters.get('q') ?? '1'
  // RFC 9110, 12.4.2: a weight is 0 to 1 with three digits at most. What is none is not believed.
  const quality = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(q) ? Number(q) : 0
  return [{ type: type.toLowerCase(), subtype: subtype.toLowerCase(), parameters, quality }]
}

function parameterOf(part: string): [string, string][] {
  const [, name, value] = /^([\w-]+)\s*=\s*"?([^"]*)"?$/.exec(part) ?? []
  return name === undefined || value === undefined ? [] : [[name.toLowerCase(), value]]
}
