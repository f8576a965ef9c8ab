import type { Btf, BtfType } from "../../btf/index.ts"
import { R10, SLOT_BYTES } from "../../isa/index.ts"
import type { DebugScope, DebugVariable, InsnRange, SourcePlace } from "../debug.ts"
import * as f from "../elfFormat.ts"
import type { Attribute, Entries } from "./entries.ts"
import { AT, INLINED, OP, TAG } from "./format.ts"
import type { Lists } from "./lists.ts"
import { locationsOf } from "./locations.ts"
import { named, type TypeEntries } from "./types.ts"
import type { DebugFunction } from "./write.ts"

/** Writes functions: their parameters and variables, the blocks these are declared in, and the functions that were inlined. */
export class FunctionEntries {
  readonly #entries: Entries
  readonly #lists: Lists
  readonly #btf: Btf | undefined
  readonly #types: TypeEntries | undefined
  /** Numbers of the files that places name. */
  readonly #files: readonly number[]
  /** Functions that were inlined, by name. */
  readonly #inlined = new Map<string, SourcePlace>()

  constructor(
    entries: Entries,
    lists: Lists,
    btf: Btf | undefined,
    types: TypeEntries | undefined,
    files: readonly number[],
  ) {
    this.#entries = entries
    this.#lists = lists
    this.#btf = btf
    this.#types = types
    this.#files = files
  }

  write(fn: DebugFunction): void {
    const { spec, symbol, slots } = fn
    const { debug } = spec
    const func: BtfType | undefined = spec.btfId === 0 ? undefined : this.#btf?.type(spec.btfId)
    const proto = func?.kind === "func" ? this.#btf?.type(func.type) : undefined
    const attributes: Attribute[] = [
      ...named(spec.name),
      ...this.#declared(debug?.place),
      [AT.prototyped, "flag_present", 0],
      [AT.low_pc, "addr", { to: symbol }],
      [AT.high_pc, "data4", slots[spec.insns.length] * SLOT_BYTES],
      ...(debug === undefined ? [] : [FRAME_BASE]),
    ]
    if ((symbol.bind ?? f.STB_LOCAL) !== f.STB_LOCAL) attributes.push([AT.external, "flag_present", 0])
    const known = this.#types !== undefined && proto?.kind === "func_proto" ? { types: this.#types, proto } : undefined
    const result = known?.types.typeOf(known.proto.type) ?? []
    const params = known?.proto.params ?? []
    const variables = debug?.scope.variables ?? []
    this.#entry(
      TAG.subprogram,
      [...attributes, ...result],
      params.length + variables.length,
      debug?.scope.scopes,
      () => {
        params.forEach((param, i) => {
          const variable = variables.find(v => v.param === i)
          if (variable !== undefined) this.#variable(fn, variable)
          else this.#entries.add(TAG.formal_parameter, [...named(param.name), ...known!.types.typeOf(param.type)])
        })
        if (known?.proto.variadic) this.#entries.add(TAG.unspecified_parameters, [])
        const rest = variables.filter(({ param }) => param === undefined || param >= params.length)
        if (debug !== undefined) this.#content(fn, { ...debug.scope, variables: rest })
      },
    )
  }

  /** Writes what the places where functions were inlined refer to. */
  finish(): void {
    for (const [name, place] of this.#inlined) {
      this.#entries.define(abstract(name))
      this.#entries.add(TAG.subprogram, [
        ...named(name),
        ...this.#declared(place),
        [AT.prototyped, "flag_present", 0],
        [AT.inline, "data1", INLINED],
      ])
    }
  }

  #content(fn: DebugFunction, { variables, scopes }: DebugScope): void {
    for (const variable of variables) this.#variable(fn, variable)
    for (const scope of scopes) this.#scope(fn, scope)
  }

  #scope(fn: DebugFunction, scope: DebugScope): void {
    const { inlined } = scope
    const attributes: Attribute[] = []
    if (inlined !== undefined) {
      this.#inlined.set(inlined.name, inlined.place)
      const { file, line, column } = inlined.call
      attributes.push(
        [AT.abstract_origin, "ref4", { entry: abstract(inlined.name) }],
        [AT.call_file, "udata", this.#files[file]],
        [AT.call_line, "udata", line],
        [AT.call_column, "udata", column],
      )
    }
    attributes.push(...this.#covers(fn, scope.ranges))
    const tag = inlined === undefined ? TAG.lexical_block : TAG.inlined_subroutine
    this.#entry(tag, attributes, scope.variables.length, scope.scopes, () => this.#content(fn, scope))
  }

  /** An entry with what stands below it, if anything does. */
  #entry(
    tag: number,
    attributes: readonly Attribute[],
    variables: number,
    scopes: readonly DebugScope[] = [],
    content: () => void,
  ): void {
    const hasContent = variables + scopes.length > 0
    this.#entries.add(tag, attributes, hasContent)
    if (!hasContent) return
    content()
    this.#entries.end()
  }

  #covers({ symbol, slots }: DebugFunction, ranges: readonly InsnRange[]): Attribute[] {
    const bytes = ranges.map(({ from, to }) => ({ from: slots[from] * SLOT_BYTES, to: slots[to] * SLOT_BYTES }))
    const [first] = bytes
    if (bytes.length === 1) {
      return [
        [AT.low_pc, "addr", { to: symbol, addend: first.from }],
        [AT.high_pc, "data4", first.to - first.from],
      ]
    }
    return [[AT.ranges, "sec_offset", { to: "rnglists", addend: this.#lists.addRanges(symbol, bytes) }]]
  }

  #variable(fn: DebugFunction, { name, type, place, param, parts }: DebugVariable): void {
    this.#entries.add(param === undefined ? TAG.variable : TAG.formal_parameter, [
      ...named(name),
      ...this.#declared(place),
      ...(this.#types?.typeOf(type) ?? []),
      ...this.#location(fn, parts),
    ])
  }

  #location({ spec, symbol, slots }: DebugFunction, parts: DebugVariable["parts"]): Attribute[] {
    const places = locationsOf(parts)
    if (places.length === 0) return []
    const [{ from, to, expression }] = places
    if (places.length === 1 && from === 0 && to === spec.insns.length) return [[AT.location, "exprloc", expression]]
    const bytes = places.map(place => ({
      ...place,
      from: slots[place.from] * SLOT_BYTES,
      to: slots[place.to] * SLOT_BYTES,
    }))
    return [[AT.location, "sec_offset", { to: "loclists", addend: this.#lists.addLocations(symbol, bytes) }]]
  }

  #declared(place: SourcePlace | undefined): Attribute[] {
    if (place === undefined) return []
    return [
      [AT.decl_file, "udata", this.#files[place.file]],
      [AT.decl_line, "udata", place.line],
      [AT.decl_column, "udata", place.column],
    ]
  }
}

/** Locals count from r10. */
const FRAME_BASE: Attribute = [AT.frame_base, "exprloc", Uint8Array.of(OP.reg0 + R10)]

const abstract = (name: string): string => `inlined ${name}`
