import { UsageError } from '#common/errors.ts'
import { type Grammar, oneOf, readCommandLine } from '#common/options.ts'

const shells = ['bash', 'zsh'] as const
export type Shell = (typeof shells)[number]

export const help = `Usage: spillway completion bash|zsh

Prints a script with which a shell completes commands, options, their values, names of experiments, and files.

  bash, for this shell:  source <(spillway completion bash)
  bash, from now on:     mkdir -p ~/.local/share/bash-completion/completions
                         spillway completion bash > ~/.local/share/bash-completion/completions/spillway
  zsh, for this shell:   source <(spillway completion zsh)
  zsh, from now on:      mkdir -p ~/.zfunc && spillway completion zsh > ~/.zfunc/_spillway
                         and in ~/.zshrc, before compinit: fpath=(~/.zfunc $fpath)

The second way needs the package bash-completion, which most systems have. Write the script again after an update.

  --help  this text
`

export const grammar = {
  command: 'spillway completion',
  options: {},
  words: 'bash or zsh',
  offers: { words: shells },
} as const satisfies Grammar

/** Reads the command line of `spillway completion`; undefined if help was asked for. Throws a UsageError. */
export const readOptions = (args: readonly string[]): Shell | undefined =>
  readCommandLine(grammar, args, ({ positionals: [shell, ...more] }) => {
    if (shell === undefined) throw new UsageError('Which shell?', 'Name bash or zsh: spillway completion bash')
    if (more.length > 0) throw new UsageError(`Only one shell can be named: leave out ${more.join(' ')}`)
    return oneOf('The shell', shell, shells)
  })
