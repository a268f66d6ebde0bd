import { spawnSync } from 'node:child_process'

/**
 * For a test's `skip`: false if a Docker engine answers and the lab's images are built, else the reason. Where
 * SPILLWAY_NO_SKIP is set the reason is an error instead, so that nothing passes by not running.
 */
export function skipWithoutEngine(): string | false {
  const reason = missing()
  if (reason !== false && process.env.SPILLWAY_NO_SKIP) throw new Error(`${reason}, and SPILLWAY_NO_SKIP is set`)
  return reason
}

function missing(): string | false {
  if (spawnSync('docker', ['info'], { stdio: 'ignore' }).status !== 0) return 'no Docker engine answers'
  const images = ['spillway', 'spillway-net'].map((name) => `${name}:${process.env.SPILLWAY_TAG ?? 'latest'}`)
  const absent = images.filter(
    (image) => spawnSync('docker', ['image', 'inspect', image], { stdio: 'ignore' }).status !== 0,
  )
  return absent.length > 0 && `not built: ${absent.join(', ')} (docker compose build)`
}
