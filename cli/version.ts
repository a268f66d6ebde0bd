import fs from 'node:fs'

/** The version of this package, from the package.json above this file: one folder up in a checkout, two when installed. */
export function version(): string {
  for (const up of ['../package.json', '../../package.json']) {
    const file = new URL(up, import.meta.url)
    if (!fs.existsSync(file)) continue
    const { version } = JSON.parse(fs.readFileSync(file, 'utf8')) as { version?: string }
    if (version !== undefined) return version
  }
  return 'unknown'
}
