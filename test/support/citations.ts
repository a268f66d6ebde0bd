/** Numbers in the workshop's text that name the expectation they come from: `9<!-- small-backlog: the queue holds … -->`. */
import fs from 'node:fs'
import path from 'node:path'
import { loadExperiment } from '#cli/run/file.ts'
import { citedNumbers } from '#cli/workshop/chapter/citations.ts'
import type { Experiment } from '#experiments/vocabulary/experiment.ts'
import type { JudgedExpectation } from '#lab/experiment/verdict.ts'

const folder = new URL('../../docs/workshop/', import.meta.url).pathname

export interface Citation {
  file: string
  line: number
  /** As it is written, with its unit. */
  text: string
  experiment: string
  sentence: string
}

/** Every citation of every chapter. */
export function citations(): Citation[] {
  return chapters().flatMap((file) => {
    const text = fs.readFileSync(path.join(folder, file), 'utf8')
    return citedNumbers(text).flatMap(({ index, number, unit, source }) => {
      // Questions to the planner have a test of their own.
      const [, experiment, sentence] = /^([\w-]+): (.*)$/s.exec(source) ?? []
      if (experiment === undefined || sentence === undefined) return []
      const line = text.slice(0, index).split('\n').length
      return [{ file, line, text: unit === undefined ? number : `${number} ${unit}`, experiment, sentence }]
    })
  })
}

/** The markers of a chapter, each of which must belong to a number. */
export const markers = (file: string): number =>
  fs.readFileSync(path.join(folder, file), 'utf8').match(/<!-- [\w-]+: /g)?.length ?? 0

export const chapters = (): string[] => fs.readdirSync(folder).filter((name) => /^\d\d-.*\.md$/.test(name))

/** The experiments that solve the chapters' exercises. */
export async function solutions(): Promise<Experiment[]> {
  const files = fs.readdirSync(path.join(folder, 'solutions'))
  return await Promise.all(files.map((file) => loadExperiment(path.join(folder, 'solutions', file))))
}

/** Whether the number that is written lies where the kernel's own numbers must lie. */
export function isTrue({ text }: Citation, { band }: JudgedExpectation): boolean {
  const [number = '', unit] = text.split(' ')
  const factor = unit === '%' ? 0.01 : unit === 's' ? 1000 : 1
  const value = Number(number.replaceAll(',', '')) * factor
  if ('value' in band) return String(band.value) === number
  return value >= (band.low ?? Number.NEGATIVE_INFINITY) && value <= (band.high ?? Number.POSITIVE_INFINITY)
}
