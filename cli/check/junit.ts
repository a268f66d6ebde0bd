/** A report as JUnit XML, which every CI shows. */
import { severities } from '#findings/host/finding.ts'
import type { HostReport } from '#live/host/report.ts'
import type { CheckOptions } from './options.ts'
import { placeInWords } from './place.ts'

/** A test case for each expectation and each finding; a host without any has one that passes. */
export function junit({ findings, expectations }: HostReport, failOn: CheckOptions['failOn']): string {
  const cases: { name: string; kind: string; failure: { type: string; words: string } | undefined }[] = [
    ...expectations.map(({ text, met, words }) => ({
      name: text,
      kind: 'expectations',
      failure: met ? undefined : { type: 'expectation', words },
    })),
    ...findings.map(({ code, severity, about, who, words, mends }) => ({
      name: [code, placeInWords(about), who].filter((part) => part !== undefined && part !== '').join(' '),
      kind: 'findings',
      failure:
        failOn !== 'never' && severities.indexOf(severity) <= severities.indexOf(failOn)
          ? { type: severity, words: [words, ...mends.map(({ line, where }) => `${line} (${where})`)].join('\n') }
          : undefined,
    })),
  ]
  if (cases.length === 0) cases.push({ name: 'nothing is wrong', kind: 'findings', failure: undefined })
  const failed = cases.filter(({ failure }) => failure !== undefined).length
  const counts = `tests="${cases.length}" failures="${failed}" errors="0"`
  const lines = cases.map(({ name, kind, failure }) => {
    const head = `    <testcase classname="spillway.check.${kind}" name="${escaped(name)}" time="0"`
    if (failure === undefined) return `${head}/>`
    const [first = ''] = failure.words.split('\n')
    return `${head}>\n      <failure type="${failure.type}" message="${escaped(first)}">${escaped(failure.words)}</failure>\n    </testcase>`
  })
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="spillway check" ${counts}>
  <testsuite name="spillway check" ${counts} skipped="0">
${lines.join('\n')}
  </testsuite>
</testsuites>
`
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' }

/** XML 1.0 has no control characters but these three; the path of a socket may hold any. */
const escaped = (text: string): string =>
  [...text]
    .filter((letter) => letter >= ' ' || letter === '\t' || letter === '\n' || letter === '\r')
    .join('')
    .replaceAll(/[&<>"']/g, (letter) => entities[letter] ?? '')
