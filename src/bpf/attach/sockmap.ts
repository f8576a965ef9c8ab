import { type Link, type LoadedMap, type SockmapHook, sectionOfSockmapHook } from "../../machine/index.ts"
import { meaningOfSection } from "../../object/index.ts"
import type { ProgramHost } from "./host.ts"

/** How to attach to a map of sockets. */
export interface SockmapOptions {
  /** Where: `stream_parser`, `stream_verdict`, `verdict` or `msg`; what the program's section says without it. */
  readonly hook?: SockmapHook
}

/** A map of sockets as a place to attach to. */
export class SockmapPlace<F extends string = string> {
  /** The map beneath, whose keys and values are bytes. */
  readonly map: LoadedMap
  readonly #host: ProgramHost

  constructor(map: LoadedMap, host: ProgramHost) {
    this.map = map
    this.#host = host
  }

  /**
   * Runs a function for what goes through the sockets that are put into the map from now on: `b.sockmap("sockets").attach("forward", { hook: "stream_verdict" })`.
   * @throws SkepError BPF_NO_FUNCTION, KERNEL_ATTACH_TYPE, KERNEL_NO_PERMISSION, KERNEL_CALL
   */
  attach(fn: F, { hook }: SockmapOptions = {}): Link {
    const { type, attachType } = hook === undefined ? {} : meaningOfSection(sectionOfSockmapHook(hook))
    return this.#host.program(fn, { type, attachType }).attach({ kind: "sockmap", map: this.map, hook })
  }
}
