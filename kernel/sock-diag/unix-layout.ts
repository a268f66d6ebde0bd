/** Numbers of unix_diag, from linux/unix_diag.h. */

export const UNIX_REQUEST_BYTES = 24
export const UNIX_RECORD_BYTES = 16

/** What a dump is asked for, in udiag_show. */
export const unixWants = { name: 1 << 0, queueLengths: 1 << 4, uid: 1 << 6 } as const

/** Types of the attributes that come back. */
export const unixAttribute = { name: 0, queueLengths: 4, uid: 7 } as const
