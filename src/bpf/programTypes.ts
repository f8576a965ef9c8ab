import type { Given } from "../btf/index.ts"
import type { BpfMap, Table } from "./maps/index.ts"

/**
 * What is known of a program's names and types when it is written: `skep types` and `skep gen` make it from the C text, and
 * {@link BPF} takes it. Members are types only; there is no such object.
 *
 *     interface Switches {
 *       tables: { stats: HashTable<{ prev_pid: number; curr_pid: number }, bigint> }
 *       events: Record<never, never>
 *       globals: { readonly threshold: number }
 *       programs: "count_sched"
 *     }
 *     using b = await BPF.load<Switches>({ file: "switches.c" })
 */
export interface ProgramTypes {
  /** Class of each table, with the types of its keys and values. */
  tables: object
  /** Type of the events that are sent through each perf buffer and ring buffer. */
  events: object
  /** Type of each global variable as it is read; what cannot be changed once the program is loaded is `readonly`. */
  globals: object
  /** Names of the functions that can be attached or run. */
  programs: string
}

/** A program of which nothing is known: every name may be there, and every value may be anything. */
// biome-ignore lint/suspicious/noExplicitAny: no other type lets programs that are known go where any program does.
export type AnyProgram = any

/** `string` for a program of which nothing is known; no text at all for others, whose names are known. */
export type AnyName<P extends ProgramTypes> = string extends P["programs"] ? string : never
/** Names of a program's tables. */
export type TableName<P extends ProgramTypes> = keyof P["tables"] & string
/** Class of a table. */
export type TableOf<P extends ProgramTypes, N extends TableName<P>> = 0 extends 1 & P
  ? Table
  : P["tables"][N] extends BpfMap
    ? P["tables"][N]
    : BpfMap
/** Names of a program's perf buffers and ring buffers. */
export type EventName<P extends ProgramTypes> = keyof P["events"] & string
/** Names of a program's global variables. */
export type GlobalName<P extends ProgramTypes> = keyof P["globals"] & string
/** Names of a program's functions. */
export type FunctionName<P extends ProgramTypes> = 0 extends 1 & P ? string : P["programs"]
/** Options that name a function of the program. */
export type WithFunction<Options, P extends ProgramTypes> = Options & { readonly fn: FunctionName<P> }
/** Values that global variables get before the program is loaded; constants are among them. */
export type InitialGlobals<P extends ProgramTypes> = { readonly [N in keyof P["globals"]]?: Given<P["globals"][N]> }
/** Global variables of a program that is not loaded yet: constants can be set, too. */
export type OpenGlobals<P extends ProgramTypes> = {
  -readonly [N in keyof P["globals"]]: P["globals"][N] extends number | boolean
    ? P["globals"][N]
    : Given<P["globals"][N]>
}
