import fs from 'node:fs'
import { findPackageJSON } from 'node:module'

/** The version of this package, from the package.json nearest above this file: the checkout's own, or that of dist/. */
export function version(): string {
  const file = findPackageJSON(import.meta.url)
  if (file === undefined) return 'unknown'
  const { version = 'unknown' }: { version?: string } = JSON.parse(fs.readFileSync(file, 'utf8'))
  return version
}
