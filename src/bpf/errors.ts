import { didYouMean, SkepError } from "../base/index.ts"

const listed = (names: readonly string[]): string => (names.length === 0 ? "none" : names.join(", "))

export function noTable(name: string, tables: readonly string[]): SkepError {
  return new SkepError({
    code: "BPF_NO_TABLE",
    message: `the program has no table '${name}'${didYouMean(name, tables)}`,
    hint: `its tables: ${listed(tables)}`,
  })
}

/** `kind` is the class that was asked for. */
export function otherTable(name: string, table: { readonly type: string }, kind: string): SkepError {
  return new SkepError({
    code: "BPF_OTHER_TABLE",
    message: `table ${name} is a map of type ${table.type}, a ${table.constructor.name} and no ${kind}`,
    hint: `ask for b.table("${name}", ${table.constructor.name})`,
  })
}

export function noFunction(name: string, functions: readonly string[]): SkepError {
  return new SkepError({
    code: "BPF_NO_FUNCTION",
    message: `the program has no function '${name}'${didYouMean(name, functions)}`,
    hint: `functions that can be attached: ${listed(functions)}; static functions cannot`,
  })
}

/** `want` says what an event looks like, `example` shows one. */
export function badEvent(method: string, event: unknown, want: string, example: string): SkepError {
  return new SkepError({
    code: "BPF_EVENT",
    message: `${method}: event is ${want}, and this is ${typeof event === "string" ? `'${event}'` : typeof event}`,
    hint: `for example ${example}`,
  })
}

export function badOption(message: string, hint: string): SkepError {
  return new SkepError({ code: "BPF_OPTION", message, hint })
}

export function closed(): SkepError {
  return new SkepError({
    code: "BPF_CLOSED",
    message: "this BPF object has been closed",
    hint: "use it before it is disposed: `using` ends with its block",
  })
}
