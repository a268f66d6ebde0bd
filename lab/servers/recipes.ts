/** The servers of docs/servers.md, in the order of its rows. */
import type { Recipe } from './recipe.ts'
import { compiled } from './recipes/compiled.ts'
import { nodes } from './recipes/node.ts'
import { others } from './recipes/others.ts'
import { python } from './recipes/python.ts'
import { web } from './recipes/web.ts'

export const recipes: readonly Recipe[] = [...web, ...python, ...nodes, ...compiled, ...others]
