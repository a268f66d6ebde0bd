/** The script for zsh, in the terms of its own completion system: _arguments shows what each option is for. */
import type { CommandRow, Offer, OptionRow } from './table.ts'

export const zshScript = (rows: readonly CommandRow[]): string => `#compdef spillway
# Completion of spillway for zsh: spillway completion zsh --help says how to use it.

_spillway() {
  local -a commands=(
${rows.map(({ name, says }) => `    ${quoted(`${name}:${says}`)}`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    if [[ $PREFIX == -* ]]; then compadd -- --help --version -h -v; else _describe -t commands command commands; fi
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${rows.map(caseOf).join('\n')}
  esac
}

# Read as a function of fpath, it is called at once; sourced, it is made known.
if [[ $funcstack[1] == _spillway ]]; then _spillway "$@"; else compdef _spillway spillway; fi
`

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** In a spec of _arguments these end a part. */
const escaped = (text: string): string => text.replace(/[\\:[\]]/g, '\\$&')

function caseOf({ name, options, beside }: CommandRow): string {
  const specs = [...options.map(optionSpec), ...(isEmpty(beside) ? [] : [`*:${name}:${action(beside)}`])]
  return `    ${name})\n      _arguments \\\n${specs.map((spec) => `        ${quoted(spec)}`).join(' \\\n')}\n      ;;`
}

function optionSpec(option: OptionRow): string {
  const { name, says, takesValue, repeatable } = option
  // An option may have several values, divided by colons: one within the action must not be taken for such.
  const value = takesValue ? `:${name.slice(2)}:${isEmpty(option) ? ' ' : action(option).replaceAll(':', '\\:')}` : ''
  return `${repeatable ? '*' : ''}${name}${takesValue ? '=' : ''}[${escaped(says)}]${value}`
}

const isEmpty = ({ words, path }: Offer): boolean => words.length === 0 && path === undefined

function action({ words, path }: Offer): string {
  const files = path === undefined ? '' : path === 'folder' ? '_files -/' : '_files'
  if (words.length === 0) return files
  const list = `(${words.join(' ')})`
  // Both are tried: words that begin so, and files.
  return files === '' ? list : `{_alternative 'words:word:${list}' 'files:file:${files}'}`
}
