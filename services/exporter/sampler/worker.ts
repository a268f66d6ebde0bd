/** The entry of the sampler thread. */
import { answerOwnImports } from '#common/own-imports.ts'

answerOwnImports()
await import('./sampling-loop.ts')
