/** What a laptop says of its battery and of the pace of its processor: both make a lab late. Absent where it says nothing. */
import fs from 'node:fs'
import path from 'node:path'

export interface Power {
  battery: { discharging: boolean; percent: number | null } | null
  /** Of the first core: what rules its frequency, and how much of its highest it has now. */
  frequency: { governor: string | null; nowGigahertz: number; mostGigahertz: number } | null
}

/** Reads sysfs below `root`. */
export function powerOf(root = '/sys'): Power {
  return { battery: batteryOf(path.join(root, 'class/power_supply')), frequency: frequencyOf(root) }
}

function batteryOf(folder: string): Power['battery'] {
  const supplies = fs.existsSync(folder) ? fs.readdirSync(folder) : []
  for (const name of supplies) {
    const read = (file: string): string | undefined => wordsIn(path.join(folder, name, file))
    // A mouse has a battery too; that of the machine has no scope, or this one.
    if (read('type') !== 'Battery' || read('scope') === 'Device') continue
    const percent = Number(read('capacity') ?? Number.NaN)
    return { discharging: read('status') === 'Discharging', percent: Number.isFinite(percent) ? percent : null }
  }
  return null
}

function frequencyOf(root: string): Power['frequency'] {
  const folder = path.join(root, 'devices/system/cpu/cpu0/cpufreq')
  const gigahertz = (file: string): number => Number(wordsIn(path.join(folder, file)) ?? Number.NaN) / 1e6
  const [nowGigahertz, mostGigahertz] = [gigahertz('scaling_cur_freq'), gigahertz('cpuinfo_max_freq')]
  if (!(nowGigahertz > 0) || !(mostGigahertz > 0)) return null
  return { governor: wordsIn(path.join(folder, 'scaling_governor')) ?? null, nowGigahertz, mostGigahertz }
}

/** Undefined where there is no such file, or it cannot be read. */
function wordsIn(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8').trim()
  } catch {
    return undefined
  }
}
