import type { CorePlace, CoreValue } from "../../c/index.ts"
import type { Core, Value } from "../ir.ts"
import type { FunctionContext } from "./context.ts"

/** A number that the loader finds in the kernel's types, of type i32 or i64; `local` is what it is by the program's own. */
export function coreNumber(
  cx: FunctionContext,
  subject: Pick<CoreValue | CorePlace, "root" | "access">,
  relocation: Core["relocation"],
  type: "i32" | "i64",
  local: bigint,
): Value {
  const value = BigInt.asIntN(type === "i32" ? 32 : 64, local)
  const btfType = cx.module.typeId(subject.root)
  return cx.b.core(type, { relocation, btfType, access: subject.access.join(":"), value })
}
