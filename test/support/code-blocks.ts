/** The code blocks of a page, for tests that run them. */

export interface CodeBlock {
  language: string
  /** Without the indentation of a block that stands in a list. */
  text: string
}

/** In the order of the page. */
function codeBlocks(page: string): CodeBlock[] {
  return Array.from(page.matchAll(/^( *)```(\w+)\n(.*?)^\1```$/gms), ([, indent = '', language = '', text = '']) => ({
    language,
    text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }))
}

/** The blocks of this language that begin with a comment that names this file. */
export const blocksFor = (page: string, file: string): string[] =>
  codeBlocks(page)
    .map(({ text }) => text)
    .filter((text) => text.startsWith(`# ${file}\n`))

/** The commands of the shell blocks, with continued lines joined and comments left out. */
export const commandsOf = (page: string): string[] =>
  codeBlocks(page)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.replaceAll(/\\\n\s*/g, '').split('\n'))
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '')
