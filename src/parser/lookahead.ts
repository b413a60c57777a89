/**
 * How the grammars choose by one token: tables made from first sets.
 *
 * chevrotain's own strategy finds, for every OR, OPTION and MANY, the token paths inside it and behind it by walking the
 * grammar anew, which was half of the start-up. With one token of lookahead all of that is the first set of what the
 * construct contains: the tokens that may begin it. First sets of rules are computed once and shared; a choice is then
 * a look-up in a table indexed by token type. Where alternatives share a token, the first one wins.
 *
 * The tests build the grammars with chevrotain's strategy too, because its checks (left recursion, ambiguities that
 * nobody declared) come with it.
 */
import {
  Alternation,
  Alternative,
  NonTerminal,
  Option,
  Repetition,
  RepetitionMandatory,
  RepetitionMandatoryWithSeparator,
  RepetitionWithSeparator,
  Terminal,
} from 'chevrotain'
import type { ILookaheadStrategy, ILookaheadValidationError, IOrAlt, IProduction, Rule } from 'chevrotain'
import { assert } from '../assert.ts'
import { tokenVocabulary } from './tokens.ts'

/** The tokens that may begin a part of the grammar (1 at their `tokenTypeIdx`), and whether it may be empty. */
interface First {
  readonly types: Uint8Array
  readonly nullable: boolean
}

const tableSize = 1 + Math.max(...tokenVocabulary.map((type) => type.tokenTypeIdx ?? 0))

type OptionalRequest = Parameters<ILookaheadStrategy['buildLookaheadForOptional']>[0]
type AlternationRequest = Parameters<ILookaheadStrategy['buildLookaheadForAlternation']>[0]

const containers = {
  Option,
  Repetition,
  RepetitionMandatory,
  RepetitionMandatoryWithSeparator,
  RepetitionWithSeparator,
  Alternation,
}

const kinds = Object.entries(containers)

/** May be left out altogether. */
const isOptional = (production: IProduction): boolean =>
  production instanceof Option || production instanceof Repetition || production instanceof RepetitionWithSeparator

export class FirstSetLookahead implements ILookaheadStrategy {
  /** The parser that asks; known only after its constructor has the strategy. */
  parser: { nextTokenType(): number } = { nextTokenType: () => 0 }
  private readonly rules = new Map<Rule, First>()
  private readonly constructs = new Map<Rule, Map<string, IProduction>>()

  validate(): ILookaheadValidationError[] {
    return []
  }

  buildLookaheadForOptional({ rule, prodType, prodOccurrence }: OptionalRequest): () => boolean {
    const table = this.sequence(definitionOf(this.construct(rule, prodType, prodOccurrence))).types
    return () => table[this.parser.nextTokenType()] === 1
  }

  buildLookaheadForAlternation(request: AlternationRequest): (alternatives?: IOrAlt<unknown>[]) => number | undefined {
    const alternation = this.construct(request.rule, 'Alternation', request.prodOccurrence)
    const firsts = definitionOf(alternation).map((alternative) => this.sequence(definitionOf(alternative)))
    assert(!firsts.some(({ nullable }) => nullable), 'an alternative consumes a token')
    if (request.hasPredicates) return this.gated(firsts)
    // The number of the alternative, from 1; 0 says that none begins with this token.
    const table = new Uint8Array(tableSize)
    for (const [i, { types }] of firsts.entries()) {
      for (let type = 0; type < tableSize; type++) if (types[type] === 1 && table[type] === 0) table[type] = i + 1
    }
    return () => {
      const chosen = table[this.parser.nextTokenType()]
      return chosen === undefined || chosen === 0 ? undefined : chosen - 1
    }
  }

  private gated(firsts: readonly First[]): (alternatives?: IOrAlt<unknown>[]) => number | undefined {
    return (alternatives) => {
      const type = this.parser.nextTokenType()
      const chosen = firsts.findIndex(({ types }, i) => types[type] === 1 && alternatives?.[i]?.GATE?.() !== false)
      return chosen < 0 ? undefined : chosen
    }
  }

  /** The construct with this number in its rule. */
  private construct(rule: Rule, kind: keyof typeof containers, occurrence: number): IProduction {
    let found = this.constructs.get(rule)
    if (found === undefined) {
      found = new Map()
      this.constructs.set(rule, found)
      collect(rule.definition, found)
    }
    const production = found.get(`${kind}${String(occurrence)}`)
    assert(production !== undefined, 'the grammar was recorded')
    return production
  }

  private sequence(definition: readonly IProduction[]): First {
    const types = new Uint8Array(tableSize)
    for (const production of definition) if (!this.addFirst(production, types)) return { types, nullable: false }
    return { types, nullable: true }
  }

  /** Adds what may begin a production; true if it may be empty. */
  private addFirst(production: IProduction, types: Uint8Array): boolean {
    if (production instanceof Terminal) {
      types[production.terminalType.tokenTypeIdx ?? 0] = 1
      for (const member of production.terminalType.categoryMatches ?? []) types[member] = 1
      return false
    }
    if (production instanceof NonTerminal) return addTo(types, this.ruleFirst(production.referencedRule))
    if (production instanceof Alternation) {
      const empty = production.definition.map((alternative) => addTo(types, this.sequence(definitionOf(alternative))))
      return empty.includes(true)
    }
    return addTo(types, this.sequence(definitionOf(production))) || isOptional(production)
  }

  private ruleFirst(rule: Rule): First {
    let first = this.rules.get(rule)
    if (first === undefined) {
      first = this.sequence(rule.definition)
      this.rules.set(rule, first)
    }
    return first
  }
}

function addTo(types: Uint8Array, first: First): boolean {
  for (let type = 0; type < tableSize; type++) if (first.types[type] === 1) types[type] = 1
  return first.nullable
}

type Container = InstanceType<(typeof containers)[keyof typeof containers]>

const isContainer = (production: IProduction): production is Container =>
  kinds.some(([, type]) => production instanceof type)

const definitionOf = (production: IProduction): readonly IProduction[] =>
  isContainer(production) || production instanceof Alternative ? production.definition : []

/** Files every construct under its kind and number; the classes' names are chevrotain's, not those of a minifier. */
function collect(definition: readonly IProduction[], found: Map<string, IProduction>): void {
  for (const production of definition) {
    for (const [kind, type] of kinds) {
      if (production instanceof type) found.set(`${kind}${String(production.idx)}`, production)
    }
    collect(definitionOf(production), found)
  }
}
