import { formatListen } from '#common/parse.ts'
import type { StreamTarget } from '../agent/api.ts'

/** What a request names as its Host: a UNIX socket has no name of its own, and servers refuse a path. */
export const hostOf = (target: StreamTarget): string => ('path' in target ? 'localhost' : formatListen(target))
