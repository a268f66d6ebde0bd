/** For the command line, which loads nothing else to read its options. */
import type { PIN_FOLDERS } from '#kernel/bpf/pins.ts'

export { PIN_FOLDERS } from '#kernel/bpf/pins.ts'
export type PinFolder = (typeof PIN_FOLDERS)[number]
