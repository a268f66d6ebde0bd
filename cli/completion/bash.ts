/** The script for bash: tables as `case`, and one function that looks them up. It needs nothing but bash 4. */
import type { CommandRow, Offer, OptionRow } from './table.ts'

export const bashScript = (
  rows: readonly CommandRow[],
): string => `# Completion of spillway for bash: spillway completion bash --help says how to use it.

# What each command takes, and what may follow an option: words in reply_words, file or folder in reply_path.
_spillway_options() {
  case $1 in
${rows.map(({ name, options }) => `    ${name}) echo ${quoted(options.map((option) => option.name))} ;;`).join('\n')}
  esac
}

_spillway_takes_value() {
  case $1 in
${pattern(rows, ({ takesValue }) => takesValue)}) return 0 ;;
    *) return 1 ;;
  esac
}

_spillway_repeatable() {
  case $1 in
${pattern(rows, ({ repeatable }) => repeatable)}) return 0 ;;
    *) return 1 ;;
  esac
}

_spillway_offer() {
  reply_words= reply_path=
  case $1 in
${rows.flatMap(offers).join('\n')}
  esac
}

_spillway() {
  local IFS=$' \\t\\n' current=\${COMP_WORDS[COMP_CWORD]} command=\${COMP_WORDS[1]} option= behind= words reply_words reply_path word at
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    words=${quoted(rows.map(({ name }) => name))}
    [[ $current == -* ]] && words='--help --version -h -v'
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
    return
  fi
  # bash takes --mode=sharded apart into three words, and 127.0.0.1:80 too.
  if [[ $current == = ]]; then
    current= option=\${COMP_WORDS[COMP_CWORD - 1]}
  elif [[ \${COMP_WORDS[COMP_CWORD - 1]} == = ]]; then
    option=\${COMP_WORDS[COMP_CWORD - 2]}
  else
    option=\${COMP_WORDS[COMP_CWORD - 1]}
  fi
  for ((at = 2; at < COMP_CWORD; at++)); do
    # Behind -- everything is a word.
    [[ \${COMP_WORDS[at]} == -- ]] && behind=yes
  done
  if [[ $behind == '' && $option == --* ]] && _spillway_takes_value "$command $option"; then
    _spillway_offer "$command $option"
  elif [[ $behind == '' && $current == -* ]]; then
    words=
    for word in $(_spillway_options "$command"); do
      if [[ " \${COMP_WORDS[*]:2:COMP_CWORD-2} " != *" $word "* ]] || _spillway_repeatable "$command $word"; then words+=" $word"; fi
    done
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
    return
  else
    _spillway_offer "$command"
  fi
  mapfile -t COMPREPLY < <(compgen -W "$reply_words" -- "$current")
  if [[ $reply_path != '' ]]; then
    local kind=-f
    [[ $reply_path == folder ]] && kind=-d
    # A leading ~ is a folder to the shell, and a name with blanks is one name.
    mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen "$kind" -- "$current")
    compopt -o filenames 2>/dev/null
  fi
}

complete -F _spillway spillway
`

const quoted = (words: readonly string[]): string => `'${words.join(' ').replaceAll("'", "'\\''")}'`

/** The options of all commands that something is true of, each written as it is looked up: `'up --sysctl'`. */
function pattern(rows: readonly CommandRow[], isTrue: (option: OptionRow) => boolean): string {
  const found = rows.flatMap(({ name, options }) =>
    options.filter(isTrue).map((option) => `    '${name} ${option.name}'`),
  )
  return found.join(' | \\\n')
}

const offers = ({ name, options, beside }: CommandRow): string[] => [
  ...offerLine(name, beside),
  ...options.flatMap((option) => offerLine(`${name} ${option.name}`, option)),
]

const offerLine = (place: string, { words, path }: Offer): string[] =>
  words.length === 0 && path === undefined
    ? []
    : [`    '${place}') reply_words=${quoted(words)} reply_path=${path ?? ''} ;;`]
