/** The vocabulary's types in one file that needs no other: what an editor reads beside an experiment of one's own. */
import type { Vocabulary } from './parts.ts'

const head = `/**
 * The types of 'spillway/vocabulary', for editors and tsc. Spillway runs an experiment without this file.
 * Generated: \`spillway new\` writes it beside an experiment and may replace it.
 */
declare module 'spillway/vocabulary' {
`

export const declarationFile = ({ declared, borrowed }: Vocabulary): string =>
  `${head}${[
    ...declared.map(({ text, is }) => (is === 'type' ? exported(text) : text)),
    ...borrowed.map(({ name, text }) => `export type ${name} = ${text}`),
    '// Nothing but what says so is exported.\nexport {}',
  ]
    .map(indented)
    .join('\n\n')}\n}\n`

/** A type that the files keep to themselves is still one that a reader of the others may want to name. */
const exported = (text: string): string =>
  text.replace(/^(?<before>(?:\/\*\*.*?\*\/\s*)?)(?=interface |type )/s, '$<before>export ')

const indented = (text: string): string => text.replace(/^(?=.)/gm, '  ')
