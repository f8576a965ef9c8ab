import { SourceFile } from "../../src/base/index.ts"
import type { BpfUnit } from "../../src/bcc/index.ts"
import { Diagnostics, type FunctionDecl, parse, preprocess } from "../../src/c/index.ts"
import { lower, type Module } from "../../src/ir/index.ts"

/** Parses plain C. Every function that is not static is a program. */
export function unitOf(text: string, name = "test.c"): BpfUnit {
  const diagnostics = new Diagnostics()
  const tokens = preprocess(new SourceFile(name, text), { diagnostics })
  const unit = parse(name, tokens, diagnostics)
  diagnostics.throwIfErrors()
  const isProgram = (d: (typeof unit.decls)[number]): d is FunctionDecl =>
    d.kind === "function" && d.storage !== "static" && d.body !== undefined
  const programs = unit.decls.filter(isProgram).map(decl => ({ decl, section: `.bpf.fn.${decl.name}` }))
  return { unit, maps: [], subprograms: [], externs: [], structOps: [], programs, license: "GPL" }
}

/** Plain C lowered to IR, through the real front end. */
export function lowerC(text: string): Module {
  return lower(unitOf(text))
}
