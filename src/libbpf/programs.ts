import type { ProgramDecl } from "../bcc/index.ts"
import type * as c from "../c/index.ts"
import { meaningOfSection } from "../object/index.ts"

/** The section that an attribute gives a function or variable. */
export function sectionOf(decl: c.VarDecl | c.FunctionDecl): string | undefined {
  const name = decl.attrs.find(attr => attr.name === "section")?.args[0]
  return name === undefined ? undefined : String(name)
}

/** The programs of a unit: functions in a section of their own. */
export function collectPrograms(unit: c.TranslationUnit): ProgramDecl[] {
  const programs: ProgramDecl[] = []
  for (const decl of unit.decls) {
    if (decl.kind !== "function" || decl.body === undefined || decl.storage === "static") continue
    const section = sectionOf(decl)
    if (section === undefined || section.startsWith(".text")) continue
    const { type, attach, ...load } = meaningOfSection(section)
    programs.push({
      decl,
      section,
      ...(type === undefined ? {} : { type }),
      ...(attach === undefined ? {} : { attach }),
      ...(Object.keys(load).length === 0 ? {} : { load }),
    })
  }
  return programs
}

/** Functions that other objects can call: not static, and in no program's section. */
export function subprograms(unit: c.TranslationUnit): c.FunctionDecl[] {
  return unit.decls.filter((decl): decl is c.FunctionDecl => {
    if (decl.kind !== "function" || decl.body === undefined || decl.storage === "static") return false
    const section = sectionOf(decl)
    return (section === undefined || section.startsWith(".text")) && !decl.inline
  })
}
