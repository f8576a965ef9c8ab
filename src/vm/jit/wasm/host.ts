/** What skep uses of the platform's WebAssembly, typed without a browser's library. */
export interface WasmPlatform {
  readonly Module: new (bytes: Uint8Array) => WasmModule
  readonly Instance: new (module: WasmModule, imports: WasmImports) => WasmInstance
  readonly Memory: new (limits: { initial: number; maximum?: number }) => WasmMemory
  compile(bytes: Uint8Array): Promise<WasmModule>
  validate(bytes: Uint8Array): boolean
}

/** Compiled code, which can be instantiated any number of times. */
export type WasmModule = { readonly __module: never }

/** Functions and memories by the names of their module and of their own. */
export type WasmImports = Record<string, Record<string, unknown>>

export interface WasmInstance {
  readonly exports: Record<string, unknown>
}

export interface WasmMemory {
  readonly buffer: ArrayBuffer
  /** Adds pages of 64 KB; the buffer is another one after that. Gives the pages there were. */
  grow(pages: number): number
}

/** The platform's WebAssembly; undefined where there is none (a hardened browser, V8 without a code generator). */
export const wasmPlatform = (): WasmPlatform | undefined =>
  (globalThis as unknown as { WebAssembly?: WasmPlatform }).WebAssembly
