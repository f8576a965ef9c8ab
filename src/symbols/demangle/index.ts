import { demangleItanium } from "./itanium.ts"
import { demangleRust } from "./rust.ts"

/**
 * A name of C++ (Itanium's ABI, which gcc and clang use) or of Rust (both of its manglings) as its source has it; any other name, and one that
 * is not understood, as it is. What compilers put behind a dot (`.isra.0`, `.cold`, `.llvm.1234`) stays.
 */
export function demangle(name: string): string {
  if (!/^_{1,3}[ZR]/.test(name)) return name
  return demangleRust(name) ?? demangleItanium(name) ?? name
}
