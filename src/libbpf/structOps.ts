import type { StructOpsDecl } from "../bcc/index.ts"
import type * as c from "../c/index.ts"
import { sectionOf } from "./programs.ts"

/**
 * Tables of functions for the kernel.
 *
 *     SEC(".struct_ops") struct tcp_congestion_ops x = { .init = (void *)start }   →   { member: "init", program: "start" }
 */
export function collectStructOps(decls: readonly c.Decl[]): StructOpsDecl[] {
  const found: StructOpsDecl[] = []
  for (const decl of decls) {
    if (decl.kind !== "var") continue
    const section = sectionOf(decl)
    if (section === undefined || !/^\??\.struct_ops(\.link)?$/.test(section)) continue
    const members: { member: string; program: string }[] = []
    for (const entry of decl.init?.kind === "list" ? decl.init.entries : []) {
      const program = entry.init.kind === "expr" ? functionIn(entry.init.expr) : undefined
      if (program !== undefined && entry.field?.name !== undefined) {
        members.push({ member: entry.field.name, program: program.name })
      }
    }
    found.push({ decl, section, members })
  }
  return found
}

/** The function whose address an initialiser is. */
export function functionIn(e: c.Expr): c.FunctionDecl | undefined {
  while (e.kind === "cast" || e.kind === "addressOf") e = e.operand
  return e.kind === "ref" && e.decl.kind === "function" ? e.decl : undefined
}
