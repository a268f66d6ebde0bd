/** How the tests run k6: the scripts of load/k6, with the settings that the lab uses to hand results to Prometheus. */
import fs from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = new URL('../../load/k6/', import.meta.url)

/** The scripts by name; what they share is none. */
export const scripts = fs
  .readdirSync(folder)
  .filter((name) => name.endsWith('.ts') && name !== 'common.ts')
  .map((name) => name.slice(0, -'.ts'.length))

/** `run …`: what k6 is started with. */
export function k6Arguments(script: string): string[] {
  return ['run', '--quiet', '-o', 'experimental-prometheus-rw', fileURLToPath(new URL(`${script}.ts`, folder))]
}

/** The settings of remote-write.env. */
export function k6Settings(): Record<string, string> {
  const lines = fs.readFileSync(new URL('remote-write.env', folder), 'utf8').split('\n')
  return Object.fromEntries(
    lines.flatMap((line) => {
      const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? []
      return name === undefined || value === undefined ? [] : [[name, value]]
    }),
  )
}
