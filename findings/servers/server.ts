/** What is known of a server program: by what name it is found, and with which of its own lines its queues are set. */

/** Where a socket listens. */
export type Endpoint = { address: string; port: number } | { path: string }

/** A setting in the words of the server. */
export interface Setting {
  /** The very line to type. */
  line: string
  /** Where it belongs: a file, a section, a command line. */
  where: string
  /** What puts it in force. */
  after: string
}

export interface Server {
  /** As its makers write it. */
  name: string
  /** Names of its executables, scripts and modules, as they appear in a process. */
  programs: readonly string[]
  /** For what runs inside a virtual machine: what its command line contains. */
  line?: RegExp
  /**
   * The backlog that it asks for unless told otherwise. `somaxconn`: what the sysctl says when it starts, or more than any
   * sysctl allows. Left out where it depends on other settings.
   */
  defaultBacklog?: number | 'somaxconn'
  /** Sets the backlog; left out where it cannot be set. */
  backlog?: (backlog: number, at: Endpoint) => Setting
  /** Why another backlog cannot be set, or what else bounds it, as a sentence. */
  bound?: string
  /** What makes it open a socket for each of its processes or threads (SO_REUSEPORT): the middle of a sentence. */
  ownSockets?: string
  /** What bounds how many clients it serves at the same time. */
  pool?: {
    line: string
    what: string
    /**
     * `requests`: nobody accepts while all are being served. `connections`: nobody accepts while so many are open. `refuses`:
     * it goes on accepting while so many are open, and closes at once whatever comes beyond: no queue shows it. `threads`: it
     * goes on accepting while so many are being served, and reads nothing of the others.
     */
    fills: 'requests' | 'connections' | 'refuses' | 'threads'
    /** Of one that refuses: its clients end their connections themselves, so where it is the first to close, it refuses. */
    clientsEnd?: true
    /** Of one whose limit follows from how many clients it may have: with fewer than this it refuses nobody for their number. */
    refusesFrom?: (limit: number) => number
    /** Of one whose title tells how many it has: read from its command line. */
    told?: (commandLine: string) => Taken | undefined
  }
  /** How it is given more file descriptors. */
  files?: {
    setting: (files: number) => Setting
    /** It counts for itself, or has made room for so many when it started: what is raised from outside changes nothing. */
    counts?: true
  }
}

/** What a server says of itself: how many places are taken, from how many on it turns some away, and from how many on all. */
export interface Taken {
  taken: number
  someFrom: number
  allFrom: number
}

/** A process that holds a listening socket. */
export interface Program {
  /** As `ps` shows it. */
  command: string
  /** Its words separated by spaces; empty where they may not be read. */
  commandLine: string
}

const INTERPRETERS = /^(?:python|pypy|ruby|perl|php|node|bun|deno|bash|sh|dash)[\d.]*$/

/** The names by which a program may be known, the most telling first: of `python3 -m gunicorn`, gunicorn, then python3. */
export function namesOf({ command, commandLine }: Program): string[] {
  const words = commandLine.split(' ').filter((word) => word !== '')
  // Many set their title: `nginx: master process …`, `php-fpm: pool www`.
  const program = baseName(words[0] ?? '').replace(/:$/, '')
  const names = [program, command]
  if (INTERPRETERS.test(program)) names.unshift(...scriptOf(program, words.slice(1)))
  return [...new Set(names.filter((name) => name !== ''))]
}

/** A program that stands on the command line itself has no name. */
const INLINE = /^(?:-e|-c|-p|-pe|--eval|--print|-)$/
/** Options of interpreters whose value is the next word. */
const VALUED = /^(?:-r|--require|--import|--loader|--experimental-loader|--env-file|-C|--conditions|-X|-W)$/

/** Those of PHP, whose letters mean something else to others: `php -S 0.0.0.0:80 -t public` runs no script. */
const PHP = { program: /^php[\d.]*$/, inline: /^(?:-r|-B|-R|-F|-E|-a|-)$/, valued: /^-[Sdtcz]$/ }

function scriptOf(program: string, words: readonly string[]): string[] {
  const { inline, valued } = PHP.program.test(program) ? PHP : { inline: INLINE, valued: VALUED }
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? ''
    if (word === '-m') return [words[i + 1] ?? '']
    if (inline.test(word)) return []
    if (valued.test(word)) i++
    else if (!word.startsWith('-')) return [baseName(word).replace(/\.(?:py|rb|pl|php|[cm]?[jt]s)$/, '')]
  }
  return []
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
