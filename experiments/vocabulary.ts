/** Everything that an experiment is written with. */

export { deck, fact } from './vocabulary/citation.ts'
export { about, atLeast, atMost, between, equals, is, that } from './vocabulary/expectation.ts'
export { comparison, experiment, NotJudged, type Phase } from './vocabulary/experiment.ts'
