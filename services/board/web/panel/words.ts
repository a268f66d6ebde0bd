/** The board's glossary: each term explained, with a link to the chapter that explains more. */
import { html } from '../page/dom.ts'
import { glossary } from '../page/glossary.ts'

/** Only chapters that are installed are linked: a link is never dead. */
export function wordsTab(chapters: readonly string[]): HTMLElement {
  const terms = Object.values(glossary).toSorted((a, b) => a.term.localeCompare(b.term))
  return html(
    'dl',
    { class: 'glossary' },
    ...terms.flatMap(({ term, says, chapter }) => [
      html('dt', {}, term),
      html(
        'dd',
        {},
        says,
        ...(chapters.includes(chapter)
          ? [
              ' ',
              html(
                'a',
                { href: `/workshop/${chapter}`, target: '_blank', rel: 'noopener' },
                `Workshop: ${title(chapter)}`,
              ),
            ]
          : []),
      ),
    ]),
  )
}

const title = (chapter: string): string => chapter.replace(/^\d+-/, '').replaceAll('-', ' ')
