import { SourceFile } from "../../base/index.ts"
import { Diagnostics, type FunctionDecl, parse, preprocess } from "../../c/index.ts"
import divideText from "./divide128.h"

let functions: ReadonlyMap<string, FunctionDecl> | undefined

/** A function in C that comes with the compiler, for what takes more code than should stand at each place of use. Read once, when first asked for. */
export function libraryFunction(name: "__skep_udivti3"): FunctionDecl {
  functions ??= read()
  return functions.get(name)!
}

function read(): ReadonlyMap<string, FunctionDecl> {
  const diagnostics = new Diagnostics()
  const file = new SourceFile("<divide128.h>", divideText)
  const { decls } = parse(file.name, preprocess(file, { diagnostics }), diagnostics)
  diagnostics.throwIfErrors()
  return new Map(decls.flatMap(decl => (decl.kind === "function" ? [[decl.name, decl]] : [])))
}
