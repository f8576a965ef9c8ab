import { BTF_VERSIONS, plainerBtf } from "../btf/index.ts"
import { btfLoad } from "./bpf/index.ts"
import { EINVAL } from "./raw/index.ts"

/** Loads type information; what a kernel is too old for is left out, until it takes it. A descriptor, or −errno. */
export function loadTypes(bytes: Uint8Array): number {
  const fd = btfLoad(bytes)
  if (fd !== -EINVAL) return fd
  for (const version of BTF_VERSIONS) {
    const older = btfLoad(plainerBtf(bytes, version))
    if (older >= 0) return older
  }
  return fd
}
