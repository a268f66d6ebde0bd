import fs from 'node:fs'
import os from 'node:os'

/**
 * The names by which this host knows itself, in lower case: its host name, that with the domains that are searched, and
 * what /etc/hosts says beside it. None of them comes from a name server, so that nobody outside can add one.
 */
export function ownNames(hostname = os.hostname(), read = textOf): ReadonlySet<string> {
  const name = hostname.toLowerCase()
  const [short = name] = name.split('.')
  const domains = lines(read('/etc/resolv.conf')).flatMap(([word, ...rest]) =>
    word === 'search' || word === 'domain' ? rest : [],
  )
  const beside = lines(read('/etc/hosts')).flatMap(([, ...names]) => (names.includes(name) ? names : []))
  const names = [name, short, ...domains.map((domain) => `${short}.${domain}`), ...beside]
  return new Set(names.map((one) => one.replace(/\.$/, '')).filter((one) => one !== '' && one !== '.'))
}

const lines = (text: string): string[][] =>
  text
    .toLowerCase()
    .split('\n')
    .map((line) =>
      line
        .replace(/[#;].*/, '')
        .trim()
        .split(/\s+/),
    )

function textOf(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return '' // some systems have none
  }
}
