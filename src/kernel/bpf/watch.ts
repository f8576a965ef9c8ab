import type { MapCreate } from "./map.ts"
import type { ProgLoad } from "./program.ts"

/** Sees what is given to the kernel, so that a verifier of our own can be asked about exactly the same. Descriptors are still open. */
export interface BpfWatcher {
  /** A map was made, or −errno. */
  mapCreated(result: number, map: MapCreate): void
  /** Type information was loaded, or −errno. */
  btfLoaded(result: number, btf: Uint8Array): void
  /** A program was loaded, or −errno. */
  programLoaded(result: number, prog: ProgLoad): void
}

/** Who sees it; nobody without one. */
export let watcher: BpfWatcher | undefined

/** Tells `next` of every map, type information and program from now on; undefined ends it. */
export function watchBpf(next: BpfWatcher | undefined): void {
  watcher = next
}
