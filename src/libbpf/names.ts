import { type DialectNames, SnippetFile } from "../bcc/index.ts"
import typesText from "./headers/types.h"

const TYPES = new SnippetFile("<bpf/types>", typesText, /^(?:struct|union|enum) (\w+) \{/gm)

/** What libbpf's headers have beside the kernel's types. `vmlinux`: the program takes these from `vmlinux.h`, so that CO-RE reads them. */
export function libbpfNames(vmlinux: boolean): DialectNames {
  return {
    prototypes: {},
    helpers: {},
    types: TYPES,
    ownTypes: new Set(["libbpf_pin_type", "libbpf_tristate", "bpf_map_def"]),
    preserveAccess: vmlinux,
    kfuncs: true,
  }
}
