/** Numbers in a chapter that name where they come from: `9<!-- small-backlog: the queue holds … -->`. Tests hold them against it. */

interface CitedNumber {
  /** Where it begins in the text. */
  index: number
  /** As it is written: `1,000`. */
  number: string
  unit: string | undefined
  /** `small-backlog: the queue holds …`, or a question to the planner and which of the answer's data it is. */
  source: string
}

const cited = /(\d[\d,.]*)(?: (%|ms|s))?\**(?=\s*<!--\s*([\w-][^>]*?)\s*-->)/g

export const citedNumbers = (text: string): CitedNumber[] =>
  [...text.matchAll(cited)].map(({ index, 1: number = '', 2: unit, 3: source = '' }) => ({
    index,
    number,
    unit,
    source,
  }))
